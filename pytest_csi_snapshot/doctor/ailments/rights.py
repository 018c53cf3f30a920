"""What whoever runs the checks may not do."""

from __future__ import annotations

from pytest_csi_snapshot.doctor.evidence import Evidence
from pytest_csi_snapshot.doctor.finding import Ailment, Ground, Sight, listed
from pytest_csi_snapshot.kube.kinds import (
    EVENT,
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    NAMESPACE,
    POD,
    PV,
    PVC,
    SECRET,
    SERVICE_ACCOUNT,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
)

_EVERY_TEST = {
    NAMESPACE.plural: ("create", "delete"),
    SERVICE_ACCOUNT.plural: ("create",),
    EVENT.plural: ("list", "watch"),
    **{kind.plural: ("list", "watch") for kind in (SNAPSHOT, PVC, POD, SNAPSHOT_CONTENT, PV)},
}
"""What no test can do without: resource -> verbs."""

_GROUNDS: dict[str, Ground] = {
    POD.plural: Ground.PODS,
    PVC.plural: Ground.VOLUMES,
    SECRET.plural: Ground.SECRETS,
    SNAPSHOT.plural: Ground.SNAPSHOT_API,
    **{kind.plural: Ground.GROUP_API for kind in (GROUP_SNAPSHOT, GROUP_CONTENT, GROUP_CLASS)},
}
_CLUSTER_WIDE = (SNAPSHOT_CONTENT.plural, SNAPSHOT_CLASS.plural, STORAGE_CLASS.plural)


def ground_of(resource: str, verb: str) -> Ground | None:
    """What a right that is missing takes away; None where checks get on without."""
    if verb in _EVERY_TEST.get(resource, ()):
        return Ground.NAMESPACES
    if resource in _CLUSTER_WIDE:
        return Ground.CLUSTER_WIDE
    return _GROUNDS.get(resource)


def _lacking(evidence: Evidence) -> Sight | None:
    lacks = evidence.answers.own_rights
    if not lacks:
        return None
    found = (ground_of(resource, verb) for resource, verb in lacks)
    grounds = tuple(dict.fromkeys(ground for ground in found if ground))
    return Sight(f"you may not {listed(f'{verb} {resource}' for resource, verb in lacks)}", grounds=grounds)


ROWS = (
    Ailment(
        "rights-missing",
        "PFL-008",
        "you lack rights that the checks need",
        "requests are refused with: is forbidden: User … cannot …",
        "have an administrator grant them, all that a run needs is in this package: kubectl apply -f"
        ' "$(python -c "import pytest_csi_snapshot as p; print(p.__path__[0])")/rbac.yaml", then kubectl create'
        " clusterrolebinding NAME --clusterrole=pytest-csi-snapshot --user=WHO; what you have: kubectl auth can-i"
        " --list",
        (
            Ground.NAMESPACES,
            Ground.VOLUMES,
            Ground.PODS,
            Ground.SNAPSHOT_API,
            Ground.GROUP_API,
            Ground.SECRETS,
            Ground.CLUSTER_WIDE,
        ),
        _lacking,
    ),
)
