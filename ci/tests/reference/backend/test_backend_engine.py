"""What the backend remembers across its end, at whichever point that comes."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend import layers
from pytest_csi_snapshot.reference_impl.backend.content import Content
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.errors import BackendError
from pytest_csi_snapshot.reference_impl.backend.locks import Locks
from pytest_csi_snapshot.reference_impl.backend.pool import Pool, PoolError
from pytest_csi_snapshot.reference_impl.backend.records import Attachment, Records, Volume
from pytest_csi_snapshot.reference_impl.backend.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.backend.sources import parse_source
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes
from pytest_csi_snapshot.reference_impl.linux import loops

from .conftest import Open

MIB = 1 << 20
HERE = Attachment("node-1", "SINGLE_NODE_WRITER")


def write(engine: Engine, volume: Volume, data: bytes) -> None:
    """To the start of an attached volume."""
    fd = os.open(Volumes(engine).device(volume), os.O_WRONLY)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)


def test_everything_acknowledged_is_there_again(open_engine: Open) -> None:
    engine = open_engine()
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "")
    attached = Volumes(engine).attach("pvc-a", HERE)
    write(engine, attached, b"content")
    attached = Volumes(engine).expand("pvc-a", 32 * MIB)
    snapshot = Snapshots(engine).create("pvc-a", "snap-1", {"type": "snap"})

    again = open_engine()

    (found,) = Volumes(again).all()
    assert found == replace(attached, loop=found.loop)  # it may have been taken by another process meanwhile
    assert Volumes(again).size(found) == 32 * MIB
    assert Snapshots(again).all() == [snapshot]
    with Content(again).of_snapshot("pvc-a", "snap-1") as flat:
        assert flat.read_bytes().startswith(b"content")
    assert Volumes(again).device(found) == f"/dev/loop{found.loop}"


def test_what_was_never_acknowledged_is_swept(open_engine: Open) -> None:
    engine = open_engine()
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "", {"numberOfReplicas": 1})
    (replica,) = engine.stores[Volumes(engine).get("pvc-a").chain].replicas.each()
    (engine.pool.replicas / "pvc-b-12345678").mkdir()
    for path in (
        engine.pool.live("half"),
        engine.pool.cut("half"),
        engine.pool.live("pvc-b").with_suffix(".tmp"),
        engine.pool.replicas / "pvc-b-12345678" / "volume.meta",
        replica.folder / "volume-head-001.img",
        replica.folder / "volume-snap-half.img",
        replica.folder / "volume-snap-half.img.meta.tmp",
    ):
        path.write_bytes(b"left by a kill")
    record = engine.pool.root.parent / "volumes" / "pvc-b.json.tmp"
    record.write_text("{ half a rec")

    again = open_engine()

    assert [volume.name for volume in Volumes(again).all()] == ["pvc-a"]
    assert list(again.pool.root.glob("*/*")) == [replica.folder]
    assert sorted(path.name for path in replica.folder.iterdir()) == [
        "volume-head-000.img",
        "volume-head-000.img.meta",
        "volume.meta",
    ]
    assert not record.exists()


def test_an_expansion_that_was_cut_short_is_finished(open_engine: Open) -> None:
    engine = open_engine()
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "")
    volume = Volumes(engine).attach("pvc-a", HERE)
    with engine.storing(volume.chain) as store:
        store.expand(layers.system(), 32 * MIB)  # and killed before the device was told

    again = open_engine()

    with Path(Volumes(again).device(volume)).open("rb") as device:
        assert device.seek(0, os.SEEK_END) == 32 * MIB


def test_a_device_whose_number_was_taken_gets_another(open_engine: Open, tmp_path: Path) -> None:
    engine = open_engine()
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "")
    Volumes(engine).attach("pvc-a", HERE)
    record = tmp_path / "data" / "volumes" / "pvc-a.json"
    pool = loops.find(engine.pool.image)
    assert pool is not None
    record.write_text(json.dumps({**json.loads(record.read_bytes()), "loop": pool.number}))

    again = open_engine()

    volume = Volumes(again).get("pvc-a")
    assert volume.loop != pool.number
    assert Volumes(again).device(volume) == f"/dev/loop{volume.loop}"


def test_attaching_takes_over_the_device_that_serves_the_file(engine: Engine) -> None:
    """Two devices over one file would be two filesystems over one file."""
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "")
    with engine.storing(Volumes(engine).get("pvc-a").chain) as store:
        store.go_live()
    other, fd = loops.attach(engine.pool.live("pvc-a"))
    assert Volumes(engine).attach("pvc-a", HERE).loop == other.number
    os.close(fd)
    with pytest.raises(BackendError, match="attached to node node-1"):
        Volumes(engine).delete("pvc-a")
    assert Volumes(engine).detach("pvc-a").attachments == ()
    Volumes(engine).delete("pvc-a")


def test_clones_at_once_of_one_attached_volume(engine: Engine) -> None:
    Volumes(engine).create("pvc-a", 16 * MIB, "Block", "")
    Volumes(engine).attach("pvc-a", HERE)
    failed: list[BackendError] = []

    def clone(name: str) -> None:
        try:
            Volumes(engine).create(name, 16 * MIB, "Block", "vol://pvc-a")
        except BackendError as error:
            failed.append(error)

    threads = [threading.Thread(target=clone, args=(f"pvc-{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(Volumes(engine).all()) == 6


def test_a_full_disk_while_writing_a_record_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: Records[Volume] = Records(tmp_path, Volume)
    records.put(Volume("pvc-a", 1.0))

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        records.put(Volume("pvc-a", 2.0))

    assert records.get("pvc-a") == Volume("pvc-a", 1.0)
    assert Records(tmp_path, Volume).all() == [Volume("pvc-a", 1.0)]


def test_locks_are_taken_together_or_not_at_all() -> None:
    locks = Locks(wait=0)
    with locks.hold("a", shared=("s",)):
        with pytest.raises(BackendError, match="another operation on a is still running"):
            locks.hold("b", "a").__enter__()
        with locks.hold("b", shared=("s",)):
            pass
        with pytest.raises(BackendError, match="on s is"):
            locks.hold("s").__enter__()
    with locks.hold("a", "b", "s"):
        pass


def test_a_pool_under_a_foreign_mount_is_refused(engine: Engine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "pool").symlink_to(engine.pool.root)
    pool = Pool(other, 1 << 30)
    with pytest.raises(PoolError, match="which is not"):
        pool.open()


@pytest.mark.parametrize("text", ["vol://", "snap://a", "bak://a/b", "vol://a/b", "nonsense"])
def test_a_malformed_source_is_refused(text: str) -> None:
    with pytest.raises(BackendError, match="invalid data source"):
        parse_source(text)
