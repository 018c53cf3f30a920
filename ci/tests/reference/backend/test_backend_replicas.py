"""Replicas that are lost, removed, rebuilt and salvaged; what a restart makes of those that disagree."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend.care import Care
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.errors import BackendError
from pytest_csi_snapshot.reference_impl.backend.records import Attachment, Copy
from pytest_csi_snapshot.reference_impl.backend.replica.directory import Replica
from pytest_csi_snapshot.reference_impl.backend.replica.metadata import ReplicaError
from pytest_csi_snapshot.reference_impl.backend.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.backend.store import Store
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes

from .conftest import Open
from .http import Http

MIB = 1 << 20
HERE = Attachment("node-1", "SINGLE_NODE_WRITER")


def make(engine: Engine, *, attached: bool = True) -> Store:
    volume = Volumes(engine).create("pvc-a", 16 * MIB, "Block", "")
    if attached:
        write(engine, b"1")
        Snapshots(engine).create("pvc-a", "s1", {})
        write(engine, b"2")
    return engine.stores[volume.chain]


def write(engine: Engine, data: bytes) -> None:
    fd = os.open(Volumes(engine).device(Volumes(engine).attach("pvc-a", HERE)), os.O_WRONLY)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)


def folders(engine: Engine) -> list[Path]:
    """Of ``pvc-a``, in the order of its record."""
    return [engine.pool.replicas / f"pvc-a-{copy.id}" for copy in copies(engine)]


def copies(engine: Engine) -> tuple[Copy, ...]:
    return Volumes(engine).get("pvc-a").replicas


def shown(engine: Engine) -> dict[str, Any]:
    return dict(Http(engine).get("/v1/volumes/pvc-a").json())


def robustness(engine: Engine) -> tuple[str, list[str]]:
    volume = shown(engine)
    return volume["robustness"], [item["mode"] for item in volume["replicas"]]


def reasons(engine: Engine) -> list[str]:
    return [event.reason for event in engine.events.all() if event.subject == "pvc-a"]


@pytest.mark.parametrize("what", ["directory", "layer", "volume.meta"])
def test_a_lost_replica_is_rebuilt_while_the_volume_is_used(engine: Engine, what: str) -> None:
    store = make(engine)
    lost = folders(engine)[0]
    if what == "directory":
        shutil.rmtree(lost)
    else:
        (lost / ("volume-snap-s1.img" if what == "layer" else what)).unlink()
    assert robustness(engine) == ("degraded", ["ERR", "RW", "RW"])

    Care(engine).look_after("pvc-a")

    assert robustness(engine) == ("healthy", ["RW", "RW", "RW"])
    assert lost not in folders(engine)
    assert not lost.exists()
    assert [name for name in reasons(engine) if name in ("Degraded", "Healthy")] == [
        "Healthy",
        "Degraded",
        "Healthy",
    ]
    (system,) = (layer for layer in store.tree.layers.values() if not layer.user_created)
    assert system.parent == "s1"
    assert shown(engine)["rebuildStatus"][0]["state"] == "complete"
    Volumes(engine).detach("pvc-a")
    loaded = [Replica.load(folder).tree for folder in folders(engine)]
    assert loaded[0].same_as(loaded[1])
    assert loaded[0].same_as(loaded[2])


def test_whoever_watches_looks_after_what_is_not_healthy(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    make(engine)
    Volumes(engine).create("pvc-b", 16 * MIB, "Block", "")
    Volumes(engine).attach("pvc-b", HERE)
    shutil.rmtree(folders(engine)[0])
    care, first, ended = Care(engine), threading.Event(), threading.Event()
    looked: list[str] = []

    def look_after(name: str) -> None:
        looked.append(name)
        Care.look_after(care, name)
        first.set()
        if len(looked) == 2:
            ended.set()
        raise BackendError("Aborted", "another operation is still running")  # which ends no watch

    monkeypatch.setattr(care, "look_after", look_after)
    monkeypatch.setattr("pytest_csi_snapshot.reference_impl.backend.care.INTERVAL", 0)
    watching = threading.Thread(target=care.watch, args=(ended,))
    watching.start()
    assert first.wait(10)
    shutil.rmtree(engine.pool.replicas / f"pvc-b-{Volumes(engine).get('pvc-b').replicas[1].id}")
    watching.join(10)
    assert looked == ["pvc-a", "pvc-b"]
    assert robustness(engine)[0] == "healthy"


def test_rebuilding_again_and_again_leaves_one_system_snapshot(engine: Engine) -> None:
    store = make(engine)
    for _ in range(4):
        shutil.rmtree(folders(engine)[0])
        Care(engine).look_after("pvc-a")
    assert sum(not layer.user_created for layer in store.tree.layers.values()) == 1
    assert [snapshot.name for snapshot in Snapshots(engine).all()] == ["s1"]


def test_a_replica_that_cannot_follow_is_lost_and_the_snapshot_is_made(engine: Engine) -> None:
    make(engine)
    (folders(engine)[1] / "volume-snap-s2.img.meta.tmp").mkdir()

    Snapshots(engine).create("pvc-a", "s2", {})

    assert [copy.mode for copy in copies(engine)] == ["RW", "ERR", "RW"]  # remembered, too
    assert robustness(engine)[0] == "degraded"


def test_an_expansion_that_fails_in_one_replica_is_told(engine: Engine) -> None:
    make(engine)
    (folders(engine)[2] / f"volume-snap-expand-{32 * MIB}.img.meta.tmp").mkdir()

    assert Volumes(engine).expand("pvc-a", 32 * MIB).size == 32 * MIB

    assert "Is a directory" in shown(engine)["controllers"][0]["lastExpansionError"]
    assert "FailedExpansion" in reasons(engine)
    Care(engine).look_after("pvc-a")
    assert robustness(engine)[0] == "healthy"


def test_an_expansion_that_fails_everywhere_changes_nothing(engine: Engine) -> None:
    make(engine)
    for folder in folders(engine):
        (folder / f"volume-snap-expand-{32 * MIB}.img.meta.tmp").mkdir()
    with pytest.raises(IsADirectoryError):
        Volumes(engine).expand("pvc-a", 32 * MIB)
    assert (shown(engine)["size"], robustness(engine)[0]) == (str(16 * MIB), "healthy")
    assert Volumes(engine).expand("pvc-a", 64 * MIB).size == 64 * MIB


def test_a_volume_without_replicas_is_faulted_and_offers_to_be_salvaged(engine: Engine) -> None:
    make(engine)
    Volumes(engine).detach("pvc-a")
    kept = folders(engine)
    for folder in kept:
        folder.rename(folder.with_name(f"{folder.name}.away"))
    volume = shown(engine)
    assert (volume["robustness"], volume["state"], volume["ready"]) == ("faulted", "detached", False)
    assert set(volume["actions"]) == {"attach", "detach", "salvage"}
    with pytest.raises(BackendError, match="faulted") as refused:
        Volumes(engine).attach("pvc-a", HERE)
    assert refused.value.code == "FailedPrecondition"
    with pytest.raises(BackendError, match="faulted"):
        Snapshots(engine).create("pvc-a", "s2", {})
    cr = Http(engine).get("/v1/snapshotcrs/s1").json()
    assert (cr["readyToUse"], "faulted" in cr["error"]) == (False, True)

    for folder in kept:
        folder.with_name(f"{folder.name}.away").rename(folder)
    names = [item["name"] for item in volume["replicas"]]
    answer = Http(engine).post("/v1/volumes/pvc-a?action=salvage", json={"names": names[:2]})

    assert answer.status_code == 200, answer.text
    assert Http(engine).get("/v1/snapshotcrs/s1").json()["readyToUse"]
    write(engine, b"")
    Care(engine).look_after("pvc-a")
    assert robustness(engine) == ("healthy", ["RW", "RW", "RW"])


def test_what_is_not_whole_is_not_salvaged(engine: Engine) -> None:
    make(engine, attached=False)
    names = [item["name"] for item in shown(engine)["replicas"]]
    for folder in folders(engine):
        shutil.rmtree(folder)
    with pytest.raises(BackendError, match="cannot be salvaged"):
        Care(engine).salvage("pvc-a", names[:1])
    with pytest.raises(BackendError, match="has no replica"):
        Care(engine).salvage("pvc-a", ["nobody"])


def test_a_removed_replica_is_replaced_and_the_last_one_stays(engine: Engine) -> None:
    make(engine)
    http = Http(engine)
    name = shown(engine)["replicas"][0]["name"]
    after = http.post("/v1/volumes/pvc-a?action=replicaRemove", json={"name": name}).json()
    assert (after["robustness"], len(after["replicas"])) == ("healthy", 3)
    assert name not in {item["name"] for item in after["replicas"]}
    for count in (1, 4):
        after = http.post("/v1/volumes/pvc-a?action=updateReplicaCount", json={"replicaCount": count}).json()
        assert (after["numberOfReplicas"], len(after["replicas"]), after["robustness"]) == (
            count,
            count,
            "healthy",
        )
        assert len(list(engine.pool.replicas.iterdir())) == count
    http.post("/v1/volumes/pvc-a?action=detach")
    for item in shown(engine)["replicas"][1:]:
        http.post("/v1/volumes/pvc-a?action=replicaRemove", json={"name": item["name"]})
    (last,) = shown(engine)["replicas"]
    refused = http.post("/v1/volumes/pvc-a?action=replicaRemove", json={"name": last["name"]})
    assert "last good one" in refused.json()["message"]


@pytest.mark.parametrize("attached", [True, False])
def test_replicas_that_disagree_are_rebuilt_from_the_first_at_a_start(
    open_engine: Open, *, attached: bool
) -> None:
    engine = open_engine()
    make(engine)
    if not attached:
        Volumes(engine).detach("pvc-a")
    before = folders(engine)
    meta = before[1] / "volume-snap-s1.img.meta"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "Removed": True}))
    shutil.rmtree(before[2])

    again = open_engine()

    assert folders(again)[0] == before[0]
    assert not set(folders(again)) & set(before[1:])
    assert set(again.pool.replicas.iterdir()) == set(folders(again))
    trees = [Replica.load(folder).tree for folder in folders(again)]
    assert all(tree.same_as(trees[0]) for tree in trees)
    write(again, b"")
    assert robustness(again) == ("healthy", ["RW", "RW", "RW"])
    with Path(shown(again)["controllers"][0]["endpoint"]).open("rb") as device:
        assert device.read(1) == b"2"


def test_a_first_replica_that_lacks_a_snapshot_is_not_believed(open_engine: Open) -> None:
    engine = open_engine()
    make(engine)
    Volumes(engine).detach("pvc-a")
    for file in folders(engine)[0].glob("volume-snap-s1.*"):
        file.unlink()
    head = next(folders(engine)[0].glob("volume-head-*.meta"))
    head.write_text('{"Parent":""}')

    again = open_engine()

    assert [snapshot.name for snapshot in Snapshots(again).all()] == ["s1"]
    assert len(copies(again)) == 3


def test_a_snapshot_found_in_a_replica_is_one_though_its_record_was_never_written(open_engine: Open) -> None:
    engine = open_engine()
    make(engine)
    made = Snapshots(engine).create("pvc-a", "s2", {"a": "b"})
    (engine.pool.root.parent / "snapshots" / "s2.json").unlink()

    again = open_engine()

    found = Snapshots(again).create("pvc-a", "s2", {"a": "b"})
    assert (found.volume, found.labels, int(found.created)) == ("pvc-a", {"a": "b"}, int(made.created))
    assert len(again.stores[found.chain].tree.layers) == 2


def test_a_deletion_is_finished_though_the_record_was_not_dropped(open_engine: Open) -> None:
    engine = open_engine()
    store = make(engine)
    store.mark("s1")
    assert Snapshots(open_engine()).all() == []


def test_what_was_read_by_others_is_read_here(tmp_path: Path) -> None:
    """Longhorn's own files: keys are missing, a head has any number, unfinished writes lie about."""
    files = {
        "volume.meta": '{"Size":4194304,"Head":"volume-head-1234.img","Dirty":true,"BackingFileName":""}\n',
        "volume-head-1234.img": "",
        "volume-head-1234.img.meta": '{"Parent":"volume-snap-b.img"}\n',
        "volume-snap-a.img": "",
        "volume-snap-a.img.meta": '{"Parent":""}\n',
        "volume-snap-b.img": "",
        "volume-snap-b.img.meta": '{"Parent":"volume-snap-a.img","Created":"","UserCreated":true,"Labels":null}\n',
        "volume-snap-c.img": "left by a kill",
        "volume-snap-b.img.meta.tmp": "{",
        "volume-head-001.img": "",
        "revision.counter": "1\0\0",
        "volume-snap-b.img.checksum": "{}",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    replica = Replica.load(tmp_path)
    assert (replica.tree.size, replica.tree.chain("volume-head")) == (4194304, ["a", "b", "volume-head"])
    assert (replica.tree.layers["a"].user_created, replica.tree.layers["b"].created) == (False, "")
    assert replica.tree.with_head("a").file("volume-head") == "volume-head-1235.img"
    replica.sweep()
    left = {path.name for path in tmp_path.iterdir()}
    assert set(files) - left == {"volume-snap-c.img", "volume-snap-b.img.meta.tmp", "volume-head-001.img"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("volume.meta", "{"),
        ("volume.meta", '{"Head":"volume-head-007.img"}'),
        ("volume-snap-a.img.meta", '{"Parent":"volume-snap-gone.img"}'),
        ("volume-snap-a.img.meta", '{"Parent":"volume-snap-a.img"}'),
        ("volume-snap-gone.img.meta", "{}"),
    ],
)
def test_what_is_no_whole_replica_is_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / "volume.meta").write_text('{"Size":4194304,"Head":"volume-head-000.img"}')
    for file in ("volume-head-000.img", "volume-snap-a.img"):
        (tmp_path / file).touch()
    (tmp_path / "volume-snap-a.img.meta").write_text("{}")
    assert Replica.load(tmp_path).tree.layers.keys() == {"a"}
    (tmp_path / name).write_text(content)
    with pytest.raises(ReplicaError):
        Replica.load(tmp_path)


def test_a_replica_that_was_removed_and_not_replaced_before_the_end_is_missed_afterwards(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine()
    make(engine)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "rebuild", killed)
        with pytest.raises(KeyboardInterrupt):
            Care(engine).remove("pvc-a", f"pvc-a-r-{copies(engine)[0].id}")

    engine = open_engine()

    assert robustness(engine) == ("degraded", ["RW", "RW"])
    Care(engine).look_after("pvc-a")
    assert robustness(engine) == ("healthy", ["RW", "RW", "RW"])


def killed(_: Store) -> None:
    raise KeyboardInterrupt
