"""Bind mounts at the paths the kubelet names, each call safe to repeat; and what is mounted there."""

from __future__ import annotations

from pathlib import Path

from ..linux import mountinfo
from .commands import run


def bind(source: Path, target: Path, *, read_only: bool, flags: list[str]) -> None:
    """Show ``source`` at ``target``, a file for a file and a directory for a directory. Raises CommandError."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    if mountinfo.mount_at(target) is None:
        run("mount", "--bind", str(source), str(target))
    if read_only:
        run("mount", "-o", ",".join(["remount", "bind", "ro", *flags]), str(target))


def unmount(target: Path) -> None:
    """Unmount all layers at ``target``. Not mounted, or not there, is as good. Raises CommandError."""
    while mountinfo.mount_at(target) is not None:
        run("umount", str(target))


def remove(target: Path) -> None:
    """Remove the now empty mount point; never what lies in a directory. Raises OSError."""
    if target.is_dir():
        target.rmdir()
    else:
        target.unlink(missing_ok=True)


def device_root(mount: mountinfo.Mount) -> str:
    """The device node that is bind-mounted by ``mount``, e.g. "/dev/loop3"; "" if it is not of /dev."""
    is_loop = mount.fstype == "devtmpfs" and mount.root.startswith("/loop")
    return f"/dev{mount.root}" if is_loop else ""
