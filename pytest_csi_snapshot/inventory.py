"""What of the CSI machinery runs in a cluster: controllers and sidecars, recognised in the specifications of pods.

Vendors rename containers and rebuild images, so a program is known by its own name: as a word of the container's
command, or as the last part of its image's path. Pure: from objects to values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SNAPSHOT_CONTROLLER = "snapshot-controller"
SNAPSHOTTER, PROVISIONER = "csi-snapshotter", "csi-provisioner"
RESIZER, ATTACHER = "csi-resizer", "csi-attacher"
PROGRAMS = (SNAPSHOT_CONTROLLER, SNAPSHOTTER, PROVISIONER, RESIZER, ATTACHER)


@dataclass(frozen=True)
class Component:
    """A container that runs one of PROGRAMS. ``version`` is its image's tag, "" where it has none.

    ``released`` says that the image is named as the program is: then the tag is the version of that program.
    """

    program: str
    namespace: str
    pod: str
    account: str
    version: str
    released: bool
    arguments: tuple[str, ...]
    host_paths: tuple[str, ...]
    container: str = ""

    @property
    def user(self) -> str:
        """The user name of its ServiceAccount, as the API server knows it."""
        return f"system:serviceaccount:{self.namespace}:{self.account}"

    def argument(self, name: str) -> str | None:
        """The value of ``--name=value`` or ``--name value``; "true" for a bare flag, None where it is missing."""
        for number, word in enumerate(self.arguments):
            if word.startswith(f"--{name}="):
                return word.partition("=")[2]
            if word == f"--{name}":
                rest = self.arguments[number + 1 : number + 2]
                return rest[0] if rest and not rest[0].startswith("-") else "true"
        return None


def components(pods: Iterable[Json]) -> list[Component]:
    """The components that run in these pods; those of pods on their way out are left out."""
    living = (pod for pod in pods if "deletionTimestamp" not in pod["metadata"])
    return [found for pod in living for found in _in_pod(pod)]


def concerned(pod: Json) -> bool:
    """Whether one of PROGRAMS runs in a pod: of all the pods of a cluster, those that are worth reading."""
    return bool(components([pod]))


def of_driver(found: Iterable[Component], driver: str, home: str = "") -> list[Component]:
    """Those that serve a driver: they share a directory of its name, or the namespace ``home`` of its leases."""
    return [
        each
        for each in found
        if any(driver in path.split("/") for path in each.host_paths) or (home and each.namespace == home)
    ]


def serves(pod: Json, driver: str) -> bool:
    """The pod has to do with a driver: it mounts a directory of its name from its node."""
    paths = ((volume.get("hostPath") or {}).get("path", "") for volume in pod["spec"].get("volumes") or [])
    return any(driver in path.split("/") for path in paths)


def lease_part(driver: str) -> str:
    """A driver's name as it stands in the names of its sidecars' leases (HA-001)."""
    return re.sub(r"[^a-zA-Z0-9]", "-", driver)


def snapshotter_lease(driver: str) -> str:
    """The name of the lease of a driver's csi-snapshotter, which lies in the namespace of its sidecars."""
    return f"external-snapshotter-leader-{lease_part(driver)}"


def _in_pod(pod: Json) -> Iterator[Component]:
    spec = pod["spec"]
    for container in spec.get("containers") or []:
        words = [*(container.get("command") or []), *(container.get("args") or [])]
        name, _, tag = container.get("image", "").rpartition("/")[2].partition("@")[0].partition(":")
        program = next((one for one in PROGRAMS if one == name or one in _programs(words)), "")
        if program:
            yield Component(
                program,
                pod["metadata"]["namespace"],
                pod["metadata"]["name"],
                spec.get("serviceAccountName") or "default",
                tag,
                name == program,
                tuple(words),
                tuple(
                    volume["hostPath"]["path"] for volume in spec.get("volumes") or [] if volume.get("hostPath")
                ),
                container.get("name", ""),
            )


def _programs(words: Iterable[str]) -> set[str]:
    return {word.rpartition("/")[2] for word in words if not word.startswith("-")}
