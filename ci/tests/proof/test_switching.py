"""When the roles of a cluster are those that were asked for."""

from __future__ import annotations

from typing import Any

import pytest
from faults.switching import stale

WORKLOAD = {
    "kind": "Deployment",
    "metadata": {"name": "snapshot-controller", "namespace": "kube-system"},
    "spec": {
        "selector": {"matchLabels": {"app": "snapshot-controller"}},
        "template": {"spec": {"containers": [{"command": ["run"], "args": ["--fault", "early-ready"]}]}},
    },
}


def pod(args: list[str], *, ready: bool = True, ending: bool = False, app: str = "snapshot-controller") -> Any:
    meta: dict[str, Any] = {"name": f"pod-{len(args)}", "namespace": "kube-system", "labels": {"app": app}}
    if ending:
        meta["deletionTimestamp"] = "now"
    return {
        "metadata": meta,
        "spec": {"containers": [{"command": ["run"], "args": args}]},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


NEW = ["--fault", "early-ready"]


def test_the_one_pod_of_the_present_template_is_enough() -> None:
    assert stale(WORKLOAD, [pod(NEW), pod([], app="csi-snapshotter")]) == ""


@pytest.mark.parametrize(
    ("pods", "told"),
    [
        ([], "no pod"),
        ([pod(NEW), pod([])], "of the former template: pod-0; not ready: none"),
        ([pod(NEW, ready=False)], "of the former template: none; not ready: pod-2"),
        ([pod(NEW), pod(NEW, ending=True)], "of the former template: none; not ready: pod-2"),
    ],
)
def test_what_is_missing_is_told(pods: list[Any], told: str) -> None:
    assert stale(WORKLOAD, pods) == told
