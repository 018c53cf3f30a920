"""The manifest of a workload pod: which volumes, which script, and no privilege that it does not need.

A pod either runs to completion and answers through its termination message, or stays up until it is deleted
and tells by its readiness that its preparation is done. It needs nothing of its image but a POSIX shell and
the usual small programs, no user of a certain id, no exec, no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_csi_snapshot.labels import DOMAIN

Json = dict[str, Any]

SERVICE_ACCOUNT = "workload"
"""Made with each namespace, so that no pod waits for a controller to make the default one."""

USER = 10001
READY_FILE = "/tmp/ready"
ANSWER_FILE = "/dev/termination-log"
_APART = f"{DOMAIN}/apart"


def mount_path(index: int) -> str:
    """Where the pod sees its volume number ``index``: a directory, or a device in Block mode."""
    return f"/volume-{index}"


@dataclass(frozen=True)
class Workload:
    """What a pod is to do. ``claims`` are names of claims with their volumeMode, mounted in order.

    ``stays`` means: ready when the script creates READY_FILE, then up until it is deleted; ``grace`` are the
    seconds that its farewell may take. Pods with the same word ``apart`` run on different nodes.
    """

    script: str
    claims: Mapping[str, str]
    stays: bool = False
    grace: int = 1
    apart: str = ""

    def manifest(self, *, name: str, namespace: str, image: str) -> Json:
        """The pod; an arbitrary unprivileged user, unless a raw device has to be opened."""
        blocks = [number for number, mode in enumerate(self.claims.values()) if mode == "Block"]
        container: Json = {
            "name": "workload",
            "image": image,
            "command": ["sh", "-c", self.script],
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
        if self.stays:
            container["readinessProbe"] = {"exec": {"command": ["cat", READY_FILE]}, "periodSeconds": 1}
        for number in range(len(self.claims)):
            path = mount_path(number)
            if number in blocks:
                container.setdefault("volumeDevices", []).append({"name": f"v{number}", "devicePath": path})
            else:
                container.setdefault("volumeMounts", []).append({"name": f"v{number}", "mountPath": path})
        return {
            "metadata": {
                "name": name,
                "namespace": namespace,
                **({"labels": {_APART: self.apart}} if self.apart else {}),
            },
            "spec": {
                **(_on_another_node(self.apart) if self.apart else {}),
                "restartPolicy": "Never",
                "serviceAccountName": SERVICE_ACCOUNT,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": self.grace,
                "securityContext": _as_root() if blocks else _as_anyone(),
                "containers": [container],
                "volumes": [
                    {"name": f"v{number}", "persistentVolumeClaim": {"claimName": claim}}
                    for number, claim in enumerate(self.claims)
                ],
            },
        }


def _on_another_node(word: str) -> Json:
    term = {"labelSelector": {"matchLabels": {_APART: word}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _as_anyone() -> Json:
    """What the ``restricted`` Pod Security Standard asks for; the group gets the volume."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _as_root() -> Json:
    """A raw device belongs to root: the one thing in which ``restricted`` cannot be kept."""
    return {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}
