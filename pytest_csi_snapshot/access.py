"""Who may do what: asked of the API server, never tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.discovery import group_versions
from pytest_csi_snapshot.kube.kinds import (
    EVENT,
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    NAMESPACE,
    NODE,
    POD,
    PV,
    PVC,
    SECRET,
    SERVICE_ACCOUNT,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    Kind,
)
from pytest_csi_snapshot.kube.reviews import answer

Json = dict[str, Any]

ACCESS_REVIEW = Kind("authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", False)
OTHERS_ACCESS_REVIEW = Kind("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", False)

CHANGE = ("create", "get", "list", "watch", "patch", "delete")
OURS = {
    NAMESPACE: ("create", "delete"),
    SERVICE_ACCOUNT: ("create",),
    SECRET: ("create", "delete"),
    EVENT: ("list", "watch"),
    NODE: ("list",),
    POD: CHANGE,
    PVC: CHANGE,
    PV: ("get", "list", "watch"),
    STORAGE_CLASS: ("get", "list", "create", "delete"),
    SNAPSHOT: CHANGE,
    SNAPSHOT_CONTENT: CHANGE,
    SNAPSHOT_CLASS: ("get", "list", "create", "patch", "delete"),
}
"""What the checks do, by kind."""
OURS_WITH_GROUPS = {
    GROUP_SNAPSHOT: CHANGE,
    GROUP_CONTENT: CHANGE,
    GROUP_CLASS: ("get", "list", "create", "patch", "delete"),
}
"""What they do besides where the cluster serves group snapshots."""

CONTROLLERS: dict[str, dict[tuple[Kind, str], tuple[str, ...]]] = {
    inventory.SNAPSHOT_CONTROLLER: {
        (PVC, ""): ("get", "list", "watch", "update"),
        (SNAPSHOT, ""): ("get", "list", "watch", "update", "patch"),
        (SNAPSHOT, "status"): ("update", "patch"),
        (SNAPSHOT_CONTENT, ""): ("create", "get", "list", "watch", "update", "patch", "delete"),
    },
    inventory.SNAPSHOTTER: {
        (SNAPSHOT_CONTENT, ""): ("get", "list", "watch", "update", "patch"),
        (SNAPSHOT_CONTENT, "status"): ("update", "patch"),
    },
    inventory.PROVISIONER: {
        (SNAPSHOT, ""): ("get", "list", "watch", "update"),
        (SNAPSHOT_CONTENT, ""): ("get", "list"),
    },
}
"""What the work of a controller takes, by (kind, subresource) (PFL-009)."""


def needed(client: KubeClient) -> Mapping[Kind, tuple[str, ...]]:
    """What the checks do in a cluster, by kind (PFL-008). Raises ApiError and ApiUnreachableError."""
    return {**OURS, **OURS_WITH_GROUPS} if group_versions(client) else OURS


class Asker(Protocol):
    """Sends reviews: answers of the authorizer, which store nothing."""

    def ask(self, review: Kind, spec: Json) -> Json:
        """The status of a review. Raises ApiError where we may not ask."""


class Reviews:
    """Reviews by a client that has no run and labels nothing."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def ask(self, review: Kind, spec: Json) -> Json:
        """The status of a review. Raises ApiError."""
        return answer(self._client, review, spec)


def may(asker: Asker, verb: str, kind: Kind, *, subresource: str = "", user: str = "") -> bool:
    """Whether we (or ``user``, a service account) may do that to objects of a kind, anywhere.

    Raises ApiError where we may not ask.
    """
    group = kind.api_version.rpartition("/")[0]
    attributes = {"verb": verb, "group": group, "resource": kind.plural, "subresource": subresource}
    spec: Json = {"resourceAttributes": attributes}
    if user:
        spec["user"] = user
        spec["groups"] = ["system:serviceaccounts", "system:authenticated"]
    review = OTHERS_ACCESS_REVIEW if user else ACCESS_REVIEW
    return bool(asker.ask(review, spec).get("allowed"))


def lacking(asker: Asker, component: inventory.Component) -> list[str]:
    """What the account of a controller may not do, of what its work takes. Raises as ``may``."""
    return [
        f"{verb} {kind.plural}{'/' + part if part else ''}"
        for (kind, part), verbs in CONTROLLERS.get(component.program, {}).items()
        for verb in verbs
        if not may(asker, verb, kind, subresource=part, user=component.user)
    ]
