"""The generic client for APIs of this style, as it is on PyPI: it knows the conventions, nothing of Longhorn."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gdapi
import pytest
import uvicorn

from pytest_csi_snapshot.reference_impl.backend.api import Api
from pytest_csi_snapshot.reference_impl.backend.engine import Engine

MIB = 1 << 20


@pytest.fixture
def client(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[gdapi.Client]:
    """Connected over a socket: the client brings its own HTTP."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    config = uvicorn.Config(Api(engine).application(), log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            connected = gdapi.Client("", "", url=f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
            yield connected
            connected._session.close()  # noqa: SLF001  it has no close of its own
        finally:
            server.should_exit = True
            thread.join()


def until(client: gdapi.Client, name: str, what: Callable[[Any], bool]) -> Any:
    """Re-read until it is so: the API has no other way to wait."""
    end = time.monotonic() + 10
    while True:
        volume = client.by_id_volume(name)
        if what(volume):
            return volume
        assert time.monotonic() < end, volume
        time.sleep(0.01)


def test_a_story(client: gdapi.Client) -> None:
    kinds = client.schema.types
    assert {"volume", "snapshot", "node", "setting", "event"} <= set(kinds)
    assert (kinds["volume"].creatable, kinds["volume"].deletable, kinds["setting"].updatable) == (True, True, True)
    assert kinds["volume"].resourceActions.expand.input == "expandInput"
    assert not hasattr(client, "list_snapshot")
    assert [node.name for node in client.list_node()] == ["node-1"]

    client.create_volume(name="vol-1", size="64Mi", numberOfReplicas=2)
    volume = until(client, "vol-1", lambda item: item.state == "detached")
    assert (volume.size, volume.numberOfReplicas) == (str(64 * MIB), 2)
    assert not hasattr(volume, "snapshotCreate")

    volume.attach(hostId="node-1")
    volume = until(client, "vol-1", lambda item: item.state == "attached")
    assert volume.controllers[0].endpoint.startswith("/dev/")
    assert not hasattr(volume, "updateAccessMode")

    snapshot = volume.snapshotCreate(name="", labels={"owner": "test"})
    layers = {layer.name: layer for layer in volume.snapshotList()}
    assert set(layers) == {snapshot.name, "volume-head"}
    assert layers["volume-head"].parent == snapshot.name
    assert volume.snapshotGet(name=snapshot.name).labels.owner == "test"

    volume.expand(size="128Mi")
    volume = until(client, "vol-1", lambda item: item.controllers[0].size == str(128 * MIB))
    volume.snapshotDelete(name=snapshot.name)

    volume.detach()
    volume = until(client, "vol-1", lambda item: item.state == "detached")
    client.delete(volume)
    assert until(client, "vol-1", lambda item: item is None) is None
    assert list(client.list_volume()) == []
    assert {"Attached", "Detached", "SucceededExpansion"} <= {item.event.reason for item in client.list_event()}


def test_a_story_of_backup_and_restore(client: gdapi.Client) -> None:
    kinds = client.schema.types
    assert {"backup", "backupVolume", "backupTarget", "backupStatus", "restoreStatus"} <= set(kinds)
    assert kinds["volume"].resourceActions.snapshotBackup.input == "snapshotBackupInput"
    (target,) = client.list_backupTarget()
    assert (target.name, target.available, target.pollInterval) == ("default", True, "5m0s")

    volume = client.create_volume(name="vol-1", size="16Mi", volumeMode="Block")
    volume.attach(hostId="node-1")
    volume = until(client, "vol-1", lambda item: item.state == "attached")
    content = b"content" * 1000
    with Path(volume.controllers[0].endpoint).open("r+b") as device:
        device.write(content)
        device.flush()
        os.fsync(device.fileno())
    snapshot = volume.snapshotCreate(name="snap-1")
    volume.snapshotBackup(name=snapshot.name, labels={"owner": "test"})
    volume = until(client, "vol-1", lambda item: [each.state for each in item.backupStatus] == ["Completed"])
    volume.detach()
    (listed,) = client.list_backupVolume()
    assert (listed.volumeName, listed.lastBackupName) == ("vol-1", volume.lastBackup)
    (backup,) = listed.backupList()
    assert (backup.snapshotName, backup.size, backup.labels.owner) == ("snap-1", str(2 * MIB), "test")
    assert listed.backupGet(name=backup.name).url == backup.url == volume.backupStatus[0].backupURL

    client.create_volume(name="vol-2", size=volume.size, fromBackup=backup.url, volumeMode="Block")
    restored = until(client, "vol-2", lambda item: item.restoreInitiated and not item.restoreRequired)
    assert restored.state == "detached"
    restored.attach(hostId="node-1")
    restored = until(client, "vol-2", lambda item: item.state == "attached")
    with Path(restored.controllers[0].endpoint).open("rb") as device:
        assert device.read(len(content)) == content
    restored.detach()

    assert client.by_id_backupVolume("nobody").backupList().data == []
    with pytest.raises(gdapi.ApiError) as missing:
        client.by_id_backupVolume("nobody").backupGet(name="backup-1")
    assert missing.value.error.status == 404
    listed = listed.backupDelete(name=backup.name)
    assert (listed.lastBackupName, listed.dataStored) == ("", "0")
    client.delete(listed)
    assert list(client.list_backupVolume()) == []
    updated = client.by_id_backupTarget("default").backupTargetUpdate(backupTargetURL="")
    assert (updated.available, updated.message) == (False, "the backup target URL is not set")


def test_settings(client: gdapi.Client) -> None:
    setting = client.by_id_setting("default-replica-count")
    assert (setting.value, setting.definition.type) == ("3", "int")
    assert client.update(setting, value="1").value == "1"
    assert client.update_by_id_setting("default-replica-count", value="2").value == "2"


def test_a_refusal_is_an_error_with_its_reason(client: gdapi.Client) -> None:
    with pytest.raises(gdapi.ApiError) as refused:
        client.create_volume(name="Not A Label", size="1Gi")
    error = refused.value.error
    assert (error.status, error.code) == (400, "InvalidArgument")
    assert "DNS label" in error.message
    assert client.by_id_volume("nobody") is None
