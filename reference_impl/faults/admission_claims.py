"""Policies about changes of claims: what must be refused is swallowed, what must be let through is refused."""

from __future__ import annotations

from .admission import Changes, Refuses

_NEW, _OLD = (f"{which}.spec.resources.requests['storage']" for which in ("object", "oldObject"))
_RESIZED = f"{_NEW} != {_OLD}"
_LOWERED = f"quantity({_NEW}).isLessThan(quantity({_OLD}))"
_BOUND = "has(oldObject.status.phase) && oldObject.status.phase == 'Bound'"
_PENDING = "has(oldObject.status.phase) && oldObject.status.phase == 'Pending'"
_AS_BEFORE = f"[JSONPatch{{op: 'replace', path: '/spec/resources/requests/storage', value: {_OLD}}}]"


class _ClaimChange(Changes):
    operation = "UPDATE"


class ClassChangeSwallowed(_ClaimChange):
    """Another class for a claim is accepted, and nothing changes."""

    name = "change-of-class-swallowed"
    breaks = ("API-PVC-006",)
    only_if = (
        "has(object.spec.storageClassName) && has(oldObject.spec.storageClassName)"
        " && object.spec.storageClassName != oldObject.spec.storageClassName"
    )
    patch = "[JSONPatch{op: 'replace', path: '/spec/storageClassName', value: oldObject.spec.storageClassName}]"


class VolumeNameFrozen(Refuses):
    """A claim cannot be given the volume that it is to be bound to, but by Kubernetes itself."""

    name = "volume-name-frozen"
    breaks = ("API-PVC-006",)
    operation = "UPDATE"
    only_if = (
        "has(object.spec.volumeName) && !has(oldObject.spec.volumeName)"
        " && !request.userInfo.username.startsWith('system:')"
    )
    message = "claims are bound by the cluster, not by their owners"


class EarlyGrowthSwallowed(_ClaimChange):
    """A claim that is not bound is told that it may grow, and does not."""

    name = "growth-of-pending-claim-swallowed"
    breaks = ("EXP-002",)
    kind = "expansion"
    only_if = f"{_PENDING} && {_RESIZED}"
    patch = _AS_BEFORE


class ShrinkSwallowed(_ClaimChange):
    """A claim that asks for less than it has is told that it gets it, and nothing changes."""

    name = "shrink-swallowed"
    breaks = ("EXP-003",)
    kind = "expansion"
    only_if = (
        f"{_BOUND} && {_LOWERED} && "
        f"!quantity({_NEW}).isGreaterThan(quantity(oldObject.status.capacity['storage']))"
    )
    patch = _AS_BEFORE


class LowerRequestRefused(Refuses):
    """A growth that failed, or was too large, cannot be taken back: claims may never ask for less."""

    name = "lower-request-refused"
    breaks = ("EXP-004", "EXP-015", "EXP-016")
    kind = "expansion"
    operation = "UPDATE"
    only_if = f"{_BOUND} && {_LOWERED}"
    message = "a claim must not ask for less storage than before"


class ForeignConditionsDropped(_ClaimChange):
    """A claim shows no conditions but those of its growth: what others say of it is lost."""

    name = "other-conditions-dropped"
    breaks = ("EXP-012",)
    resource = ("", "v1", "persistentvolumeclaims/status")
    _of_growth = "each.type in ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']"
    only_if = f"has(object.status.conditions) && object.status.conditions.exists(each, !({_of_growth}))"
    patch = (
        "[JSONPatch{op: 'replace', path: '/status/conditions',"
        f" value: object.status.conditions.filter(each, {_of_growth})}}]"
    )


class NodeErrorHidden(_ClaimChange):
    """A claim whose node cannot follow its growth does not say so."""

    name = "node-resize-error-hidden"
    breaks = ("EXP-016",)
    kind = "errors"
    resource = ("", "v1", "persistentvolumeclaims/status")
    only_if = (
        "has(object.status.conditions) && object.status.conditions.exists(each, each.type == 'NodeResizeError')"
    )
    patch = (
        "[JSONPatch{op: 'replace', path: '/status/conditions',"
        " value: object.status.conditions.filter(each, each.type != 'NodeResizeError')}]"
    )
