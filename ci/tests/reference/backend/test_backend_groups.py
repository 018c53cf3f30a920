"""Groups of snapshots: all members or none, wherever the work is cut short."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend.content import Content
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.errors import BackendError
from pytest_csi_snapshot.reference_impl.backend.groups import Groups, member_name
from pytest_csi_snapshot.reference_impl.backend.records import Attachment, Snapshot
from pytest_csi_snapshot.reference_impl.backend.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes

from .conftest import Open

MIB = 1 << 20
VOLUMES = ("pvc-a", "pvc-b")
HERE = Attachment("node-1", "SINGLE_NODE_WRITER")


def with_volumes(engine: Engine) -> Engine:
    for name in VOLUMES:
        Volumes(engine).create(name, 16 * MIB, "Filesystem", "")
        with Path(Volumes(engine).device(Volumes(engine).attach(name, HERE))).open("r+b") as device:
            device.write(name.encode())
    return engine


def cuts(engine: Engine) -> list[str]:
    """The snapshots that the replicas have, and files that were left; a removed layer may stay."""
    trees = [replica.tree for store in engine.stores.values() for replica in store.replicas.each()]
    found = {layer.name for tree in trees for layer in tree.layers.values() if not layer.removed}
    return sorted(found) + [path.name for path in engine.pool.cut("any").parent.iterdir()]


def test_a_group_is_there_again(open_engine: Open) -> None:
    group = Groups(with_volumes(open_engine())).create("group-1", VOLUMES, {"type": "snap"})

    again = open_engine()

    assert Groups(again).get("group-1") == group
    assert Groups(again).create("group-1", reversed(VOLUMES), {"type": "snap"}) == group
    for volume, member in zip(VOLUMES, group.members, strict=True):
        with Content(again).of_snapshot(volume, member) as flat:
            assert flat.read_bytes().startswith(volume.encode())


def test_members_of_a_group_that_was_never_acknowledged_are_swept(open_engine: Open) -> None:
    engine = with_volumes(open_engine())
    group = Groups(engine).create("group-1", VOLUMES, {})
    Snapshots(engine).create("pvc-a", "alone", {})
    (engine.pool.root.parent / "groups" / "group-1.json").unlink()  # killed before it was written, or deleted

    again = open_engine()

    assert [snapshot.name for snapshot in Snapshots(again).all()] == ["alone"]
    assert cuts(again) == ["alone"]
    assert Groups(again).create("group-1", VOLUMES, {}).created > group.created


@pytest.mark.parametrize("kind", ["snapshots", "groups"])
def test_a_group_whose_records_cannot_be_written_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with_volumes(engine)
    records: Any = getattr(engine, kind)
    clean = records.put

    def full(record: Any) -> Any:
        if isinstance(record, Snapshot) and record.volume == "pvc-a":
            return clean(record)
        raise OSError("no space left")

    monkeypatch.setattr(records, "put", full)
    with pytest.raises(OSError, match="no space left"):
        Groups(engine).create("group-1", VOLUMES, {})

    assert Snapshots(engine).all() == []
    assert cuts(engine) == []
    monkeypatch.undo()
    assert len(Groups(engine).create("group-1", VOLUMES, {}).members) == 2


def test_all_volumes_are_quiet_before_the_first_clone_and_until_the_last(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_volumes(engine)
    said: list[str] = []

    @contextlib.contextmanager
    def quiet(*volumes: str) -> Iterator[None]:
        said.append(f"quiet {' '.join(volumes)}")
        yield
        said.append("loud")

    monkeypatch.setattr(engine.devices, "quiet", quiet)
    monkeypatch.setattr(
        "pytest_csi_snapshot.reference_impl.linux.syscalls.clone_file", lambda *_: said.append("clone")
    )
    Groups(engine).create("group-1", VOLUMES, {})

    assert said[:4] == ["quiet pvc-a pvc-b", "clone", "clone", "loud"]


def test_a_freeze_that_ended_early_makes_no_group(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with_volumes(engine)

    @contextlib.contextmanager
    def short(*_: str) -> Iterator[None]:
        yield
        raise BackendError("Aborted", "the freeze ended early")

    monkeypatch.setattr(engine.devices, "quiet", short)
    with pytest.raises(BackendError, match="ended early"):
        Groups(engine).create("group-1", VOLUMES, {})

    assert Snapshots(engine).all() == []
    assert cuts(engine) == []


def test_a_member_is_neither_deleted_nor_made_alone(engine: Engine) -> None:
    group = Groups(with_volumes(engine)).create("group-1", VOLUMES, {})

    with pytest.raises(BackendError, match="delete the group") as refusal:
        Snapshots(engine).delete(group.members[0])
    assert refusal.value.code == "InvalidArgument"
    with pytest.raises(BackendError, match="is one of group-1"):
        Snapshots(engine).create("pvc-a", group.members[0], {})
    Snapshots(engine).create("pvc-a", member_name("group-2", "pvc-a"), {})
    with pytest.raises(BackendError, match="is not one of group group-2"):
        Groups(engine).create("group-2", VOLUMES, {})


def test_a_deletion_that_failed_half_way_is_finished_by_the_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Groups(with_volumes(engine)).create("group-1", VOLUMES, {})

    def broken(_: str) -> None:
        raise OSError("input/output error")

    monkeypatch.setattr(engine.snapshots, "drop", broken)
    with pytest.raises(OSError, match="input/output"):
        Groups(engine).delete("group-1")
    monkeypatch.undo()

    Groups(engine).delete("group-1")

    assert Snapshots(engine).all() == []
    assert cuts(engine) == []
