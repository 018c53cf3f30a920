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
from pytest_csi_snapshot.placement import Placement

Json = dict[str, Any]

SERVICE_ACCOUNT = "workload"
"""Made with each namespace, so that no pod waits for a controller to make the default one."""

USER = 10001
"""Any unprivileged user and group will do; this one is asked for where nobody else chooses."""
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
    seconds that its farewell may take. ``node`` is the only one that it may run on, "" leaves that to the
    scheduler; pods with the same word ``apart`` run on different nodes. ``read_only`` is how the claims are
    mounted.
    """

    script: str
    claims: Mapping[str, str]
    stays: bool = False
    grace: int = 1
    node: str = ""
    apart: str = ""
    read_only: bool = False

    @property
    def needs_root(self) -> bool:
        """Whether a raw device has to be opened, which belongs to root."""
        return "Block" in self.claims.values()

    def manifest(
        self, *, name: str, namespace: str, image: str, placement: Placement | None = None, user: int | None = USER
    ) -> Json:
        """The pod; an arbitrary unprivileged user, unless a raw device has to be opened.

        ``user`` None leaves it to the namespace's policy to choose one.
        """
        placed = placement or Placement()
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
        read_only = {"readOnly": True} if self.read_only else {}
        return {
            "metadata": {
                "name": name,
                "namespace": namespace,
                **({"labels": {_APART: self.apart}} if self.apart else {}),
            },
            "spec": {
                **(_on_another_node(self.apart) if self.apart else {}),
                "restartPolicy": "Never",
                **placed.pod_fields(),
                **({"affinity": _only_on(node)} if (node := self.node or placed.node) and not self.apart else {}),
                "serviceAccountName": SERVICE_ACCOUNT,
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": self.grace,
                "securityContext": _as_root() if blocks else _as_anyone(user),
                "containers": [container],
                "volumes": [
                    {"name": f"v{number}", "persistentVolumeClaim": {"claimName": claim, **read_only}}
                    for number, claim in enumerate(self.claims)
                ],
            },
        }


def _only_on(node: str) -> Json:
    """By the node's name: which of its labels says so is not the same everywhere."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}


def _on_another_node(word: str) -> Json:
    term = {"labelSelector": {"matchLabels": {_APART: word}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _as_anyone(user: int | None) -> Json:
    """What the ``restricted`` Pod Security Standard asks for; the group gets the volume."""
    ids = {} if user is None else {"runAsUser": user, "fsGroup": user}
    return {
        "runAsNonRoot": True,
        **ids,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _as_root() -> Json:
    """A raw device belongs to root: the one thing in which ``restricted`` cannot be kept."""
    return {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}
