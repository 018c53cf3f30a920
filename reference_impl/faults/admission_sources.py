"""Policies about what a claim is filled from: its source is lost, or becomes another one."""

from __future__ import annotations

from .admission import Changes

_REF = "has(object.spec.dataSourceRef)"
_BOTH = f"has(object.spec.dataSource) && {_REF}"
_ELSEWHERE = f"{_REF} && has(object.spec.dataSourceRef.namespace) && object.spec.dataSourceRef.namespace != ''"
_DROP_SOURCE = "[JSONPatch{op: 'remove', path: '/spec/dataSource'}]"
_DROP_REF = "[JSONPatch{op: 'remove', path: '/spec/dataSourceRef'}]"


class _Source(Changes):
    operation = "CREATE"


class RefStripped(_Source):
    """A claim that says by dataSourceRef what it is filled from gets an empty volume."""

    name = "data-source-ref-stripped"
    breaks = ("API-PVC-001", "API-PVC-003")
    only_if = f"{_REF} && !has(object.spec.dataSource)"
    patch = _DROP_REF


class RefWins(_Source):
    """A claim with two different sources is accepted and filled from one of them."""

    name = "one-of-two-data-sources-wins"
    breaks = ("API-PVC-002",)
    only_if = f"{_BOTH} && !({_ELSEWHERE}) && object.spec.dataSource.name != object.spec.dataSourceRef.name"
    patch = _DROP_SOURCE


class PopulatorsCleared(_Source):
    """A claim that names a populator of another API group gets an empty volume."""

    name = "foreign-data-source-ref-cleared"
    breaks = ("API-PVC-003",)
    only_if = (
        f"{_REF} && has(object.spec.dataSourceRef.apiGroup)"
        " && !(object.spec.dataSourceRef.apiGroup in ['', 'snapshot.storage.k8s.io'])"
    )
    patch = _DROP_REF


class NamespaceDropped(_Source):
    """A claim to be filled from another namespace is filled from what has that name in its own."""

    name = "namespace-of-data-source-dropped"
    breaks = ("API-PVC-004",)
    only_if = _ELSEWHERE
    patch = "[JSONPatch{op: 'remove', path: '/spec/dataSourceRef/namespace'}]"


class RemoteWins(_Source):
    """A local source beside one in another namespace counts for nothing."""

    name = "remote-data-source-wins"
    breaks = ("API-PVC-005", "API-PVC-004")
    only_if = f"{_ELSEWHERE} && has(object.spec.dataSource)"
    patch = _DROP_SOURCE
