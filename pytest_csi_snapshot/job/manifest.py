"""The objects of the Job: namespace, account, rights, and the Job itself.

Pure: from wishes to bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pytest_csi_snapshot.errors import UsageTrouble

Json = dict[str, Any]

GRACE = 120
"""Seconds in which a pod that is told to end removes what it has made."""

RETRIES = 3
"""Times that a shard is run again whose pod was lost or could not do its work."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to have judged, and how: ``arguments`` are those of pytest."""

    driver: str
    shards: int = 4
    image: str = "pytest-csi-snapshot/suites:0.1.0"
    name: str = "csi-snapshot"
    namespace: str = "csi-snapshot"
    arguments: tuple[str, ...] = ()


def manifest(wish: Wish) -> list[Json]:
    """Everything, in the order in which it is applied."""
    account = {"kind": "ServiceAccount", "name": wish.name, "namespace": wish.namespace}
    meta = {"name": wish.name, "namespace": wish.namespace}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": wish.namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        _cluster_role(),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": wish.name},
            "roleRef": _reference("ClusterRole", "pytest-csi-snapshot"),
            "subjects": [account],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": meta,
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "update"]}],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": _reference("Role", wish.name),
            "subjects": [account],
        },
        _job(wish),
    ]


def _job(wish: Wish) -> Json:
    command = ["python", "-m", "pytest_csi_snapshot.job", "run", f"--job={wish.name}", f"--shards={wish.shards}"]
    container = {
        "name": "suites",
        "image": wish.image,
        "command": [*command, "--", f"--csi-driver={wish.driver}", *wish.arguments],
        "env": [
            {"name": "HOME", "value": "/tmp"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        ],
        "workingDir": "/tmp",
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": wish.name, "namespace": wish.namespace},
        "spec": {
            "completionMode": "Indexed",
            "completions": wish.shards,
            "parallelism": wish.shards,  # the last one waits for the others to be over
            "backoffLimitPerIndex": RETRIES,
            "podFailurePolicy": {
                "rules": [
                    # A wrong command line: running it again would not help.
                    {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [UsageTrouble.exit_code]}},
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
                ]
            },
            "template": {
                "spec": {
                    "serviceAccountName": wish.name,
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": GRACE,
                    "containers": [container],
                }
            },
        },
    }


def _cluster_role() -> Json:
    import yaml

    body: Json = yaml.safe_load(files("pytest_csi_snapshot").joinpath("rbac.yaml").read_text("utf-8"))
    return body


def _reference(kind: str, name: str) -> Json:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
