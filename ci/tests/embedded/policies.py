"""What admission policies do on many clusters: an object is refused unless it says what somebody wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tenacity

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import POD, Kind
from pytest_csi_snapshot.kube.refusals import ApiError

from . import mending

Json = dict[str, Any]

MESSAGE = "say which team pays for it"
PATIENCE = 30  # seconds; an API server takes up a policy within one or two

API = "admissionregistration.k8s.io/v1"
POLICY = Kind(API, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", namespaced=False)
BINDING = Kind(API, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", namespaced=False)

ORDINARY: dict[Kind, Json] = {
    POD: {"containers": [{"name": "probe", "image": "busybox:1.37"}]},
}
"""Kind -> the spec of one that is let in where there is no policy."""


@contextmanager
def refused(client: KubeClient, kind: Kind) -> Iterator[None]:
    """No object of a kind is made unless it is annotated with its team; in force, and no more in force after."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": [kind.plural]}
    wanted = "has(object.metadata.annotations) && 'team' in object.metadata.annotations"
    policy = {
        "metadata": {"name": "team"},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": wanted, "message": MESSAGE}],
        },
    }
    binding = {"metadata": {"name": "team"}, "spec": {"policyName": "team", "validationActions": ["Deny"]}}
    try:
        with mending.made(client, POLICY, policy), mending.made(client, BINDING, binding):
            _until(client, kind, refused=True)
            yield
    finally:
        _until(client, kind, refused=False)


def _until(client: KubeClient, kind: Kind, *, refused: bool) -> None:
    """Ask until a dry run is answered so: nothing tells when an API server has taken up a policy."""
    body = {"metadata": {"name": "ordinary", "namespace": "default"}, "spec": ORDINARY[kind]}

    def is_refused() -> bool:
        try:
            client.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **body}, dry_run=True)
        except ApiError as error:
            if MESSAGE not in error.message:
                raise
            return True
        return False

    tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda answer: answer is not refused),
        wait=tenacity.wait_fixed(0.2),
        stop=tenacity.stop_after_delay(PATIENCE),
    )(is_refused)
