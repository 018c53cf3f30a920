"""Policies about what stands around a claim: its class, its quota and its events."""

from __future__ import annotations

from .admission import Changes, Refuses


class ExpansionOfClassFrozen(Changes):
    """A class that once forbade growth forbids it for ever: allowing it is accepted, and has no effect."""

    name = "expansion-of-class-frozen"
    breaks = ("EXP-001",)
    kind = "expansion"
    resource = ("storage.k8s.io", "v1", "storageclasses")
    operation = "UPDATE"
    only_if = (
        "has(object.allowVolumeExpansion) && object.allowVolumeExpansion"
        " && !(has(oldObject.allowVolumeExpansion) && oldObject.allowVolumeExpansion)"
    )
    patch = "[JSONPatch{op: 'replace', path: '/allowVolumeExpansion', value: false}]"


class StorageQuotaChargesNothing(Changes):
    """A quota on storage is never charged with what claims ask for."""

    name = "storage-quota-charges-nothing"
    breaks = ("EXP-017",)
    kind = "expansion"
    resource = ("", "v1", "resourcequotas/status")
    operation = "UPDATE"
    only_if = "has(object.status.used) && 'requests.storage' in object.status.used"
    patch = "[JSONPatch{op: 'replace', path: '/status/used/requests.storage', value: '0'}]"


class ExternalExpandingUntold(Refuses):
    """Nobody is told that a claim waits for a resizer from outside of Kubernetes."""

    name = "waiting-for-resizer-untold"
    breaks = ("EXP-028", "EXP-006")
    kind = "errors"
    resource = ("", "v1", "events")
    operation = "CREATE"
    only_if = "has(object.reason) && object.reason == 'ExternalExpanding'"
    message = "events of this reason are not kept here"
