"""What a client finds: everything is listed, attached, restored and read."""

from __future__ import annotations

import os
import uuid

from .client import LABEL, Client, Json, endpoint
from .world import Cut, Volume, World


def observe(client: Client, prefix: str = "") -> World:
    """Everything whose name begins with ``prefix``."""
    listed = [item["name"] for item in client.all("volumes") if item["name"].startswith(prefix)]
    cuts = [item for item in client.all("snapshotcrs") if _known_as(item).startswith(prefix)]
    groups = [item["name"] for item in client.all("groupsnapshots")]
    backups = [item for item in client.backups() if item["labels"][LABEL].startswith(prefix)]
    return World(
        {name: _volume(client, name) for name in listed},
        {_known_as(item): Cut(item["volume"], _restored(client, item)) for item in cuts},
        frozenset(name for name in groups if name.startswith(prefix)),
        _backups(client, [item for item in backups if item["state"] == "Completed"]),
    )


def read(client: Client, path: str) -> bytes:
    """All of the device at ``path``."""
    fd = client.ground.open_device(path, os.O_RDONLY)
    with os.fdopen(fd, "rb") as device:
        return device.read()


def read_snapshot(client: Client, volume: str, name: str, size: int) -> bytes:
    """What a restore of it holds."""
    restore = _check_name()
    client.create_volume(restore, size, f"snap://{volume}/{name}")
    return _read_and_delete(client, restore)


def _known_as(cut: Json) -> str:
    name: str = f"{cut['group']}/{cut['volume']}" if cut["group"] else cut["name"]
    return name


def _volume(client: Client, name: str) -> Volume:
    """Usable, and healthy again if it is attached."""
    volume = client.restored(name)
    if volume["state"] == "detached":
        attached, content = "", _read_once(client, name)
    else:
        client.until_healthy(name)
        attached = "maintenance" if volume["disableFrontend"] else "device"
        content = _cloned(client, volume) if volume["disableFrontend"] else read(client, endpoint(volume))
    assert len(content) == int(volume["size"]), f"volume {name} says it has {volume['size']} bytes"
    return Volume(content, attached)


def _cloned(client: Client, volume: Json) -> bytes:
    """What a clone of it holds: it has no device itself."""
    clone = _check_name()
    client.create_volume(clone, int(volume["size"]), f"vol://{volume['name']}")
    return _read_and_delete(client, clone)


def _backups(client: Client, complete: list[Json]) -> dict[str, Cut]:
    """By label. Backups of one label, made because the first got no answer, are equal."""
    found: dict[str, Cut] = {}
    for item in complete:
        restore = _check_name()
        client.restore(restore, int(item["volumeSize"]), item["url"])
        cut = Cut(item["volumeName"], _read_and_delete(client, restore))
        label = item["labels"][LABEL]
        assert found.setdefault(label, cut) == cut, f"the backups of label {label} differ"
    return found


def _restored(client: Client, cut: Json) -> bytes:
    assert cut["readyToUse"], f"snapshot {cut['name']} is not ready: {cut}"
    return read_snapshot(client, cut["volume"], cut["name"], cut["restoreSize"])


def _check_name() -> str:
    return f"check-{uuid.uuid4().hex[:16]}"


def _read_and_delete(client: Client, volume: str) -> bytes:
    content = _read_once(client, volume)
    client.delete_volume(volume)
    return content


def _read_once(client: Client, volume: str) -> bytes:
    content = read(client, client.attach(volume))
    client.detach(volume)
    return content
