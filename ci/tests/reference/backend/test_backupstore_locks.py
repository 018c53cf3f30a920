"""Locks that others with the same target see."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend.backupstore import locks
from pytest_csi_snapshot.reference_impl.backend.backupstore.errors import LockedError
from pytest_csi_snapshot.reference_impl.backend.backupstore.locks import STALE, Kind
from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder


@pytest.fixture
def folder(tmp_path: Path) -> VolumeFolder:
    return VolumeFolder(tmp_path, "pvc-a")


def foreign(folder: VolumeFolder, kind: int, owner: str = "them", *, acquired: bool = True) -> Path:
    """A lock as another program writes it."""
    folder.locks.mkdir(parents=True, exist_ok=True)
    path = folder.locks / "lock-0123456789abcdef.lck"
    path.write_text(json.dumps({"Name": path.stem, "Type": kind, "Acquired": acquired, "Owner": owner}))
    return path


def test_a_lock_is_a_file_while_it_is_held(folder: VolumeFolder) -> None:
    with locks.hold(folder, Kind.SHARED, "us"):
        (path,) = folder.locks.iterdir()
        content = json.loads(path.read_bytes())
        assert path.name == f"{content['Name']}.lck"
        assert (content["Type"], content["Acquired"], content["Owner"]) == (1, True, "us")
        assert locks.held(folder)
    assert list(folder.locks.iterdir()) == []
    assert not locks.held(folder)


@pytest.mark.parametrize(
    ("theirs", "ours", "good"),
    [
        (Kind.SHARED, Kind.SHARED, True),
        (Kind.SHARED, Kind.DELETION, False),
        (Kind.DELETION, Kind.SHARED, False),
        (Kind.DELETION, Kind.DELETION, False),
    ],
)
@pytest.mark.parametrize("acquired", [True, False])
def test_who_excludes_whom(folder: VolumeFolder, theirs: Kind, ours: Kind, good: bool, acquired: bool) -> None:
    path = foreign(folder, theirs, acquired=acquired)
    if good:
        with locks.hold(folder, ours, "us", wait=0):
            pass
    else:
        with pytest.raises(LockedError, match=f"type {int(ours)}: {path.name} is held; please try again later"):
            locks.hold(folder, ours, "us", wait=0).__enter__()
    assert list(folder.locks.iterdir()) == [path]


def test_a_lock_that_nobody_renews_counts_no_more(folder: VolumeFolder) -> None:
    path = foreign(folder, Kind.DELETION)
    before = time.time() - STALE - 1
    os.utime(path, (before, before))
    with locks.hold(folder, Kind.SHARED, "us", wait=0):
        assert locks.held(folder)
    assert not locks.held(folder)


def test_a_held_lock_is_renewed(folder: VolumeFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RENEWAL", 0.01)
    with locks.hold(folder, Kind.DELETION, "us"):
        (path,) = folder.locks.iterdir()
        os.utime(path, (1, 1))
        end = time.monotonic() + 10
        while path.stat().st_mtime < STALE:
            assert time.monotonic() < end


def test_only_the_owner_finds_what_it_abandoned(folder: VolumeFolder) -> None:
    path = foreign(folder, Kind.DELETION, owner="us")
    unfinished = path.with_name("lock-0000000000000001.us.tmp")  # killed before it was a lock
    unfinished.touch()
    assert locks.abandoned(folder, "us") == [path, unfinished]
    assert locks.abandoned(folder, "them") == []


def test_a_lock_nobody_can_read_excludes_deletions(folder: VolumeFolder) -> None:
    foreign(folder, Kind.SHARED).write_bytes(b"\0")
    with locks.hold(folder, Kind.SHARED, "us", wait=0):
        pass
    with pytest.raises(LockedError):
        locks.hold(folder, Kind.DELETION, "us", wait=0).__enter__()
