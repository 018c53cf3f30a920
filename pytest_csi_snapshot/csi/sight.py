"""What a driver has mounted, seen through the driver's own eyes.

A node service mounts in its own mount namespace, which need not be this process's. The kernel tells who listens on
a unix socket, and ``/proc/PID/root`` leads into the files of that process, whatever containers lie between.
"""

from __future__ import annotations

import os
import socket
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pytest_csi_snapshot.csi.endpoints import Endpoint

_SECONDS = 5.0
_SO_PEERCRED = getattr(socket, "SO_PEERCRED", 17)
_KUBELET = "/var/lib/kubelet/plugins"
"""Where a plugin in a container surely has a folder that it may mount below."""


class BlindError(Exception):
    """What the driver mounts cannot be seen from here; ``str()`` says why."""


@dataclass(frozen=True)
class Sight:
    """``root`` shows the driver's "/"; ``folder`` is a path as the driver sees it, and ours alone."""

    root: str
    folder: str

    def at(self, path: str) -> Path:
        """Where this process sees a path of the driver's."""
        return Path(f"{self.root}{path}")

    def published(self, path: str, *, block: bool) -> bool:
        """The driver has put a volume there: a raw device, or a mount. Nothing else is read or written."""
        seen = self.at(path)
        if seen.is_symlink() or not seen.exists():
            return False
        return seen.is_block_device() if block else path in self._mount_points()

    def _mount_points(self) -> set[str]:
        of_driver = Path(self.root).parent if self.root else Path("/proc/self")
        lines = (of_driver / "mountinfo").read_text().splitlines()
        # Octal escapes for blanks (proc_pid_mountinfo(5)); names of ours have none, parents may.
        return {line.split()[4].replace("\\040", " ") for line in lines}

    def close(self) -> None:
        """Remove the folder; what is still mounted below it stays, and so do its mount points."""
        for found, _, _ in os.walk(self.at(self.folder), topdown=False):
            try:
                Path(found).rmdir()
            except OSError:
                return


def open_sight(endpoint: Endpoint, staging: str = "") -> Sight:
    """The eyes of the node service at ``endpoint``. ``staging`` is a folder of the user's choice.

    Raises BlindError.
    """
    if os.geteuid() != 0:
        raise BlindError("this process is not root, and what a driver mounts only root may look at")
    root = _root_of_listener(endpoint, staging)
    parent = staging or (tempfile.gettempdir() if _same_mounts(root) else _KUBELET)
    seen = Path(f"{root}{parent}")
    try:
        if not staging:
            seen.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix="csi-rpc-", dir=seen)
    except OSError as error:
        raise BlindError(f"no folder can be made in {parent} of the driver's files: {error.strerror}") from error
    return Sight(root, made.removeprefix(root))


def _root_of_listener(endpoint: Endpoint, staging: str) -> str:
    if not endpoint.path:
        if staging:  # the user says that both see this folder
            return ""
        raise BlindError(f"{endpoint} does not tell whether the driver is on this machine: add --csi-staging-dir")
    with endpoint.connect(_SECONDS) as made:
        pid, _, _ = struct.unpack("3i", made.getsockopt(socket.SOL_SOCKET, _SO_PEERCRED, struct.calcsize("3i")))
    if pid <= 0:
        raise BlindError("the driver's process is outside of what this process sees")
    root = f"/proc/{pid}/root"
    try:
        Path(f"{root}/").stat()
    except OSError as error:
        raise BlindError(f"the driver's files cannot be looked at: {error.strerror}") from error
    return "" if _same_mounts(root) else root


def _same_mounts(root: str) -> bool:
    if not root:
        return True
    theirs = Path(root).parent / "ns" / "mnt"
    same_namespace = theirs.readlink() == Path("/proc/self/ns/mnt").readlink()
    return same_namespace and Path(f"{root}/").samefile("/")
