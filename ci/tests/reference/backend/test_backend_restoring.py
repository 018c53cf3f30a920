"""Volumes that somebody else fills: what is seen of them meanwhile, at the end, and after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.errors import BackendError
from pytest_csi_snapshot.reference_impl.backend.records import Attachment
from pytest_csi_snapshot.reference_impl.backend.restoring import Restoring
from pytest_csi_snapshot.reference_impl.backend.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes

from .conftest import Open
from .http import Http

MIB = 1 << 20
URL = "vfs:///backups?backup=backup-1&volume=pvc-a"
HERE = Attachment("node-1", "SINGLE_NODE_WRITER")


def begin(engine: Engine) -> Restoring:
    return Volumes(engine).begin_restore("pvc-r", 16 * MIB, "Block", URL, {"numberOfReplicas": 2})


def shown(engine: Engine) -> dict[str, Any]:
    return dict(Http(engine).get("/v1/volumes/pvc-r").json())


def fill(restoring: Restoring) -> None:
    with restoring.path.open("r+b") as file:
        file.seek(MIB)
        file.write(b"restored")


def test_a_volume_is_not_ready_before_it_is_full(engine: Engine) -> None:
    restoring = begin(engine)
    fill(restoring)
    restoring.progress(40)
    during = shown(engine)
    assert (during["state"], during["disableFrontend"], during["controllers"][0]["endpoint"]) == (
        "attached",
        True,
        "",
    )
    assert (during["restoreRequired"], during["restoreInitiated"], during["fromBackup"]) == (True, True, URL)
    assert (during["ready"], during["notReadyMessage"]) == (False, "volume pvc-r is restoring data")
    assert (during["conditions"]["Restore"]["status"], during["conditions"]["Restore"]["reason"]) == (
        "True",
        "RestoreInProgress",
    )
    assert [(item["isRestoring"], item["progress"]) for item in during["restoreStatus"]] == [(True, 40)] * 2
    with pytest.raises(BackendError, match="is restoring data") as refused:
        Volumes(engine).attach("pvc-r", HERE)
    assert refused.value.code == "Aborted"
    with pytest.raises(BackendError, match="is restoring data"):
        Snapshots(engine).create("pvc-r", "s1", {})
    with pytest.raises(BackendError, match="exists already"):
        begin(engine)

    restoring.finish()

    after = shown(engine)
    assert (after["state"], after["ready"], after["restoreRequired"]) == ("detached", True, False)
    assert after["conditions"]["Restore"]["status"] == "False"
    assert after["controllers"][0]["actualSize"] == "4096"
    assert not restoring.path.exists()
    device = Volumes(engine).device(Volumes(engine).attach("pvc-r", HERE))
    with open(device, "rb") as file:  # noqa: PTH123  a device, not a file
        file.seek(MIB)
        assert file.read(8) == b"restored"
    layers = Http(engine).post("/v1/volumes/pvc-r?action=snapshotList").json()["data"]
    assert [(item["usercreated"], item["size"]) for item in layers] == [(False, "4096"), (False, "0")]


def test_a_restore_that_fails_leaves_a_faulted_volume(engine: Engine) -> None:
    with pytest.raises(ValueError, match="checksum"), begin(engine):
        raise ValueError("block 3 has another checksum")
    failed = shown(engine)
    assert (failed["state"], failed["robustness"], failed["ready"]) == ("detached", "faulted", False)
    condition = failed["conditions"]["Restore"]
    assert (condition["status"], condition["reason"], condition["message"]) == (
        "False",
        "RestoreFailure",
        "block 3 has another checksum",
    )
    with pytest.raises(BackendError, match="another checksum"):
        Volumes(engine).attach("pvc-r", HERE)
    Volumes(engine).delete("pvc-r")
    assert list(engine.pool.replicas.iterdir()) == []


def test_a_volume_may_be_deleted_while_it_is_filled(engine: Engine) -> None:
    restoring = begin(engine)
    Volumes(engine).delete("pvc-r")
    with pytest.raises(BackendError, match="was deleted"):
        restoring.finish()
    restoring.fail("never mind")
    again = begin(engine)
    again.finish()
    assert list(engine.pool.root.glob("cuts/*")) == []


def test_a_restart_tells_what_is_to_be_begun_again(open_engine: Open) -> None:
    fill(begin(open_engine()))

    engine = open_engine()

    (volume,) = Volumes(engine).unfinished_restores()
    assert (volume.name, volume.from_backup, shown(engine)["ready"]) == ("pvc-r", URL, False)
    restoring = begin(engine)
    assert Volumes(engine).unfinished_restores() == []
    assert restoring.path.read_bytes() == bytes(16 * MIB)
    fill(restoring)
    restoring.finish()
    assert shown(engine)["ready"]
    assert len(list(engine.pool.replicas.iterdir())) == 2
