"""The tree of snapshots over the REST API: branches, removed layers, purge, and how many there may be."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine

from .conftest import Open
from .http import Http

MIB = 1 << 20
BLOCK = 4096


class Volume:
    """``pvc-a`` over the API, and its device."""

    def __init__(self, http: Http, **more: Any) -> None:
        self.http = http
        answer = http.post("/v1/volumes", json={"name": "pvc-a", "size": str(16 * MIB), **more})
        assert answer.status_code == 200, answer.text

    def act(self, action: str, **body: Any) -> Any:
        answer = self.http.post(f"/v1/volumes/pvc-a?action={action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    def refused(self, action: str, **body: Any) -> tuple[str, str]:
        answer = self.http.post(f"/v1/volumes/pvc-a?action={action}", json=body)
        assert answer.is_error, answer.text
        return answer.json()["code"], answer.json()["message"]

    def attach(self, *, maintenance: bool = False) -> dict[str, Any]:
        return dict(self.act("attach", hostId="node-1", disableFrontend=maintenance))

    def shown(self) -> dict[str, Any]:
        return dict(self.http.get("/v1/volumes/pvc-a").json())

    def device(self) -> str:
        return str(self.shown()["controllers"][0]["endpoint"])

    def write(self, block: int, value: bytes) -> None:
        fd = os.open(self.device(), os.O_WRONLY)
        os.pwrite(fd, value * BLOCK, block * BLOCK)
        os.fsync(fd)
        os.close(fd)

    def read(self, blocks: int) -> bytes:
        fd = os.open(self.device(), os.O_RDONLY)
        found = b"".join(os.pread(fd, 1, block * BLOCK) for block in range(blocks))
        os.close(fd)
        return found

    def cut(self, name: str) -> None:
        self.act("snapshotCreate", name=name)

    def tree(self) -> dict[str, tuple[str, bool, int]]:
        """Layer -> parent, removed, blocks."""
        return {
            item["name"]: (item["parent"], item["removed"], int(item["size"]) // BLOCK)
            for item in self.act("snapshotList")["data"]
        }


@pytest.fixture
def volume(engine: Engine) -> Volume:
    return Volume(Http(engine))


def test_a_revert_makes_a_branch_and_keeps_the_other(volume: Volume) -> None:
    volume.attach()
    for name in ("s1", "s2", "s3"):
        volume.write(0, name[1:].encode())
        volume.cut(name)
    assert volume.refused("snapshotRevert", name="s2")[0] == "FailedPrecondition"
    volume.act("detach")
    attached = volume.attach(maintenance=True)
    assert (attached["disableFrontend"], attached["frontend"], volume.device()) == (True, "blockdev", "")
    assert volume.refused("snapshotRevert", name="nothing") == (
        "NotFound",
        "not found snapshot 'nothing', for volume 'pvc-a'",
    )

    volume.act("snapshotRevert", name="s2")

    volume.act("detach")
    volume.attach()
    assert volume.read(1) == b"2"
    assert {name: parent for name, (parent, _, _) in volume.tree().items()} == {
        "s1": "",
        "s2": "s1",
        "s3": "s2",
        "volume-head": "s2",
    }
    shown = {item["name"]: item["children"] for item in volume.act("snapshotList")["data"]}
    assert shown["s2"] == {"s3": True, "volume-head": True}


def test_what_is_behind_the_head_is_pruned_and_stays(volume: Volume) -> None:
    volume.attach()
    for block in range(4):
        volume.write(block, b"1")
    volume.cut("s1")
    volume.write(0, b"2")
    assert volume.tree() == {"s1": ("", False, 4), "volume-head": ("s1", False, 1)}

    volume.act("snapshotDelete", name="s1")
    assert volume.tree()["s1"] == ("", True, 4)  # nothing goes before a purge
    volume.act("snapshotPurge")

    assert volume.tree() == {"s1": ("", True, 3), "volume-head": ("s1", False, 1)}
    assert volume.read(4) == b"2111"
    assert volume.refused("snapshotGet", name="s2")[0] == "NotFound"
    status = volume.shown()["purgeStatus"]
    assert [(item["isPurging"], item["progress"], item["state"]) for item in status] == [
        (False, 100, "complete")
    ] * 3


def test_all_snapshots_removed_leave_one_empty_layer(volume: Volume) -> None:
    volume.attach()
    for name in ("s1", "s2", "s3", "s4"):
        volume.write(0, name[1:].encode())
        volume.cut(name)
    volume.write(0, b"5")
    for name in ("s1", "s2", "s3", "s4"):
        volume.act("snapshotDelete", name=name)
    volume.act("snapshotPurge")
    assert volume.tree() == {"s4": ("", True, 0), "volume-head": ("s4", False, 1)}
    assert volume.read(1) == b"5"


def test_discarded_data_stays_hidden_when_layers_are_folded(volume: Volume) -> None:
    volume.attach()
    volume.write(0, b"1")
    volume.write(1, b"1")
    volume.cut("s1")
    volume.write(2, b"2")
    volume.cut("s2")
    with open(volume.device(), "r+b") as device:  # noqa: PTH123  a device, not a file
        from fcntl import ioctl
        from struct import pack

        ioctl(device.fileno(), 0x1277, pack("=QQ", 0, BLOCK))  # BLKDISCARD
    volume.cut("s3")
    assert volume.tree()["s3"] == ("s2", False, 1)  # the zeros that hide

    volume.act("snapshotDelete", name="s2")
    volume.act("snapshotPurge")

    assert volume.tree()["s3"] == ("s1", False, 2)
    volume.act("detach")
    volume.attach()
    assert volume.read(3) == b"\0" + b"12"


def test_the_name_of_a_removed_snapshot_can_be_used_again(volume: Volume) -> None:
    volume.attach()
    volume.write(0, b"1")
    volume.cut("s1")
    http = volume.http
    assert http.delete("/v1/snapshotcrs/s1").status_code == 200
    assert volume.tree()["s1"] == ("", True, 1)
    assert http.get("/v1/snapshotcrs").json()["data"] == []

    volume.cut("s1")

    layers = volume.tree()
    assert (len(layers), layers["s1"][1]) == (3, False)
    assert layers["s1"][0] not in ("", "s1")
    assert http.delete("/v1/snapshotcrs/s1").status_code == 200
    assert len(volume.tree()) == 2


def test_an_expansion_leaves_a_system_snapshot_and_old_ones_their_size(volume: Volume) -> None:
    volume.attach()
    volume.write(0, b"1")
    volume.cut("s1")
    volume.act("expand", size=str(32 * MIB))
    assert volume.tree() == {
        "s1": ("", False, 1),
        f"expand-{32 * MIB}": ("s1", False, 0),
        "volume-head": (f"expand-{32 * MIB}", False, 0),
    }
    layer = volume.act("snapshotGet", name=f"expand-{32 * MIB}")
    assert (layer["usercreated"], layer["labels"]) == (False, {"replica-expansion": str(32 * MIB)})
    sizes = [volume.http.get(f"/v1/snapshotcrs/{name}").json().get("restoreSize") for name in ("s1", "s2")]
    assert sizes == [16 * MIB, None]
    volume.act("detach")
    volume.attach(maintenance=True)
    volume.act("snapshotRevert", name="s1")
    assert volume.shown()["size"] == str(32 * MIB)
    volume.act("detach")
    volume.attach()
    volume.write(5000, b"9")  # past the old end
    assert volume.read(1) == b"1"


def test_there_are_never_more_layers_than_can_be_opened(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_csi_snapshot.reference_impl.backend.layers.MOST", 4)
    volume = Volume(Http(engine), numberOfReplicas=1)
    volume.attach()
    for name in ("s1", "s2", "s3"):
        volume.cut(name)
    code, message = volume.refused("snapshotCreate", name="s4")
    assert (code, "snapshot count total is already too big" in message) == ("ResourceExhausted", True)
    assert volume.refused("expand", size=str(32 * MIB))[0] == "ResourceExhausted"
    volume.act("snapshotDelete", name="s2")
    setting = "/v1/settings/disable-snapshot-purge"
    volume.http.put(setting, json={"value": "true"})
    assert volume.refused("snapshotCreate", name="s4")[0] == "ResourceExhausted"
    volume.http.put(setting, json={"value": "false"})
    volume.cut("s4")  # made room by itself
    assert set(volume.tree()) == {"s1", "s3", "s4", "volume-head"}


def test_snapshots_take_no_more_than_their_volume_says(engine: Engine) -> None:
    http = Http(engine)
    refused = http.post("/v1/volumes", json={"name": "pvc-b", "size": str(16 * MIB), "snapshotMaxSize": "1"})
    assert refused.json()["code"] == "InvalidArgument"
    volume = Volume(http, snapshotMaxSize=str(32 * MIB), numberOfReplicas=1)
    volume.attach()
    for name in ("s1", "s2"):
        with open(volume.device(), "r+b") as device:  # noqa: PTH123  a device, not a file
            device.write(os.urandom(16 * MIB))
        volume.cut(name)
    code, message = volume.refused("snapshotCreate", name="s3")
    assert (code, "snapshotMaxSize" in message) == ("ResourceExhausted", True)


def test_purging_can_be_switched_off(volume: Volume) -> None:
    http = volume.http
    http.put("/v1/settings/disable-snapshot-purge", json={"value": "true"})
    volume.attach()
    for name in ("s1", "s2"):
        volume.cut(name)
    assert "disable-snapshot-purge" in volume.refused("snapshotPurge")[1]
    assert http.delete("/v1/snapshotcrs/s1").status_code == 200
    assert volume.tree()["s1"] == ("", True, 0)


def test_a_clone_has_its_data_below_an_empty_head(volume: Volume) -> None:
    volume.attach()
    volume.write(0, b"1")
    volume.cut("s1")
    volume.write(1, b"2")
    http = volume.http
    for name, source, blocks in (("pvc-s", "snap://pvc-a/s1", 1), ("pvc-v", "vol://pvc-a", 2)):
        made = http.post("/v1/volumes", json={"name": name, "size": str(32 * MIB), "dataSource": source}).json()
        assert (made["cloneStatus"]["state"], made["cloneStatus"]["sourceVolume"]) == ("completed", "pvc-a")
        assert made["controllers"][0]["actualSize"] == str(blocks * BLOCK)  # nothing was attached yet
        http.post(f"/v1/volumes/{name}?action=attach", json={"hostId": "node-1"})
        layers = http.post(f"/v1/volumes/{name}?action=snapshotList").json()["data"]
        assert [(item["usercreated"], int(item["size"]) // BLOCK) for item in layers] == [
            (False, blocks),
            (False, 0),
        ]
    assert len(volume.tree()) == 2  # no snapshot is left on the source


def test_the_actual_size_stays_when_the_volume_is_detached(volume: Volume, open_engine: Open) -> None:
    volume.attach()
    volume.write(0, b"1")
    volume.cut("s1")
    volume.write(1, b"2")
    attached = volume.shown()["controllers"][0]["actualSize"]
    detached = volume.act("detach")["controllers"][0]["actualSize"]
    again = Http(open_engine()).get("/v1/volumes/pvc-a").json()["controllers"][0]["actualSize"]
    assert attached == detached == again == str(2 * BLOCK)
