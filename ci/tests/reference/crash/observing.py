"""What a client finds: everything is listed, attached, restored and read."""

from __future__ import annotations

import os
import uuid

from .client import Client, Json, endpoint
from .world import Cut, Volume, World


def observe(client: Client, prefix: str = "") -> World:
    """Everything whose name begins with ``prefix``."""
    listed = [item for item in client.all("volumes") if item["name"].startswith(prefix)]
    cuts = [item for item in client.all("snapshotcrs") if _known_as(item).startswith(prefix)]
    groups = [item["name"] for item in client.all("groupsnapshots")]
    return World(
        {item["name"]: _volume(client, item) for item in listed},
        {_known_as(item): Cut(item["volume"], _restored(client, item)) for item in cuts},
        frozenset(name for name in groups if name.startswith(prefix)),
    )


def read(client: Client, path: str) -> bytes:
    """All of the device at ``path``."""
    fd = client.ground.open_device(path, os.O_RDONLY)
    with os.fdopen(fd, "rb") as device:
        return device.read()


def read_snapshot(client: Client, volume: str, name: str, size: int) -> bytes:
    """What a restore of it holds."""
    restore = f"check-{uuid.uuid4().hex[:16]}"
    client.create_volume(restore, size, f"snap://{volume}/{name}", replicas=1)
    content = _read_once(client, restore)
    client.delete_volume(restore)
    return content


def _known_as(cut: Json) -> str:
    name: str = f"{cut['group']}/{cut['volume']}" if cut["group"] else cut["name"]
    return name


def _volume(client: Client, listed: Json) -> Volume:
    attached = listed["state"] == "attached"
    assert attached or listed["state"] == "detached", f"volume {listed['name']} is {listed['state']}"
    content = read(client, endpoint(listed)) if attached else _read_once(client, listed["name"])
    assert len(content) == int(listed["size"]), f"volume {listed['name']} says it has {listed['size']} bytes"
    return Volume(content, attached)


def _restored(client: Client, cut: Json) -> bytes:
    assert cut["readyToUse"], f"snapshot {cut['name']} is not ready: {cut}"
    return read_snapshot(client, cut["volume"], cut["name"], cut["restoreSize"])


def _read_once(client: Client, volume: str) -> bytes:
    content = read(client, client.attach(volume))
    client.detach(volume)
    return content
