"""Locks on a volume's backups that other users of the same target see: a file each in ``locks``.

Backups and restores share, a deletion is alone. Who wants a lock writes its file first and looks at the others
then: of two that exclude each other at least the later one sees the earlier, and steps back. A holder renews its
file; one that was not renewed for long belongs to somebody who died.
"""

from __future__ import annotations

import contextlib
import enum
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import LockedError
from .paths import VolumeFolder

log = logging.getLogger("backend")

RENEWAL = 60.0
STALE = 150.0
WAIT = 2.0
"""Seconds: between renewals, until a lock counts no more, and to wait for one."""
_LOOK = 0.02
"""Seconds between looks at the locks of others: files on a shared target tell nobody that they went."""


class Kind(enum.IntEnum):
    """``Type`` in a lock's file."""

    SHARED = 1
    DELETION = 2


@contextlib.contextmanager
def hold(folder: VolumeFolder, kind: Kind, owner: str, wait: float = WAIT) -> Iterator[None]:
    """Hold a lock while the body runs. ``owner`` is whose it is, see ``abandoned``. Raises LockedError."""
    lock = _acquire(folder.locks, kind, owner, wait)
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(lock, ended), name=f"renew {lock.name}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        lock.unlink(missing_ok=True)


def held(folder: VolumeFolder) -> bool:
    """Whether anybody works on these backups."""
    return any(_alive(path) for path in _files(folder.locks))


def abandoned(folder: VolumeFolder, owner: str) -> list[Path]:
    """The locks of ``owner``, who has just started and can hold none, and what was to become one."""
    left = [path for path in _files(folder.locks) if _content(path).get("Owner") == owner]
    return left + sorted(folder.locks.glob(f"*{_unfinished(owner)}"))


def _acquire(locks: Path, kind: Kind, owner: str, wait: float) -> Path:
    path = locks / f"lock-{uuid.uuid4().hex[:16]}.lck"
    end = time.monotonic() + wait
    while True:
        locks.mkdir(parents=True, exist_ok=True)
        _write(path, kind, owner, acquired=False)
        against = _against(path, kind)
        if not against:
            _write(path, kind, owner, acquired=True)
            return path
        path.unlink()
        if time.monotonic() > end:
            raise LockedError(
                f"failed to acquire lock {path.name} type {int(kind)}: {against} is held; please try again later"
            )
        time.sleep(_LOOK)


def _against(own: Path, kind: Kind) -> str:
    """The name of a lock that excludes ``own``, or ""."""
    for path in _files(own.parent):
        if path != own and _alive(path) and Kind.DELETION in (kind, _content(path).get("Type")):
            return path.name
    return ""


def _files(locks: Path) -> list[Path]:
    return sorted(locks.glob("lock-*.lck")) if locks.is_dir() else []


def _alive(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < STALE
    except FileNotFoundError:
        return False


def _content(path: Path) -> dict[str, Any]:
    """Empty for one that went meanwhile, or that nobody can read: such a one goes stale."""
    try:
        content: Any = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, kind: Kind, owner: str, *, acquired: bool) -> None:
    """Not durable: a lock need not outlive the crash that ends its holder."""
    content = {"Name": path.stem, "Type": int(kind), "Acquired": acquired, "Owner": owner}
    temporary = path.with_suffix(_unfinished(owner))
    temporary.write_text(json.dumps(content))
    temporary.replace(path)


def _unfinished(owner: str) -> str:
    """How the name of a lock's file ends before it is one."""
    return f".{owner}.tmp"


def _renew(path: Path, ended: threading.Event) -> None:
    while not ended.wait(RENEWAL):
        try:
            os.utime(path)
        except OSError as error:
            log.warning("lock %s cannot be renewed: %s", path, error)
