"""Reviews: what the authorizer of the API server answers about rights. They store nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import lost, repeating

Json = dict[str, Any]


def answer(client: KubeClient, review: Kind, spec: Json) -> Json:
    """The status of a review. Raises ApiError where we may not ask, and ApiUnreachableError.

    An API server that comes up answers before it has read who may do what, and denies what is allowed: a denial
    counts once the server has said that it is ready.
    """
    body = {"apiVersion": review.api_version, "kind": review.kind, "spec": spec}

    def ask() -> Json:
        return dict(repeating(lost)(client.create, review, body)["status"])

    status = ask()
    if status.get("allowed"):
        return status
    with suppress(ApiError):  # not everybody may look there
        repeating(lost)(client.request, "GET", "/readyz")
    return ask()
