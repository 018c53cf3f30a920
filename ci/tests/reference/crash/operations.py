"""What clients ask for, each with what is true once it was acknowledged."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from .client import Client
from .world import Cut, Volume, World

Item = TypeVar("Item")


class Operation(Protocol):
    """``perform`` may be repeated; it raises GoneError when the backend dies meanwhile."""

    def perform(self, client: Client) -> None: ...

    def applied(self, world: World) -> World:
        """``world`` after it was acknowledged."""
        ...


@dataclass(frozen=True)
class AddNode:
    """The one that volumes are attached to."""

    def perform(self, client: Client) -> None:
        client.add_node()

    def applied(self, world: World) -> World:
        return world


@dataclass(frozen=True)
class CreateVolume:
    """``source`` is the name of a snapshot or, beginning with "vol://", of a volume; "" for an empty one."""

    name: str
    size: int
    source: str = ""
    replicas: int = 1

    def perform(self, client: Client) -> None:
        source = self.source
        if source and not source.startswith("vol://"):
            source = f"snap://{client.ask('GET', f'snapshotcrs/{source}')['volume']}/{source}"
        client.create_volume(self.name, self.size, source, replicas=self.replicas)

    def applied(self, world: World) -> World:
        if self.source.startswith("vol://"):
            content = world.volumes[self.source.removeprefix("vol://")].content
        else:
            content = world.snapshots[self.source].content if self.source else b""
        return _with_volume(world, self.name, Volume(content.ljust(self.size, b"\0")))


@dataclass(frozen=True)
class AttachVolume:
    """With a device unless it is for maintenance."""

    name: str
    maintenance: bool = False

    def perform(self, client: Client) -> None:
        client.attach(self.name, maintenance=self.maintenance)

    def applied(self, world: World) -> World:
        attached = "maintenance" if self.maintenance else "device"
        return _with_volume(world, self.name, replace(world.volumes[self.name], attached=attached))


@dataclass(frozen=True)
class DetachVolume:
    name: str

    def perform(self, client: Client) -> None:
        client.detach(self.name)

    def applied(self, world: World) -> World:
        return _with_volume(world, self.name, replace(world.volumes[self.name], attached=""))


@dataclass(frozen=True)
class WriteData:
    """Through the device of an attached volume, and synced; what is written follows from ``seed``, "" is zeros."""

    name: str
    offset: int
    length: int
    seed: str

    def perform(self, client: Client) -> None:
        fd = client.open_device(self.name)
        try:
            os.pwrite(fd, self._data(), self.offset)
            os.fsync(fd)
        finally:
            os.close(fd)

    def applied(self, world: World) -> World:
        volume = world.volumes[self.name]
        before, after = volume.content[: self.offset], volume.content[self.offset + self.length :]
        return _with_volume(world, self.name, replace(volume, content=before + self._data() + after))

    def _data(self) -> bytes:
        return hashlib.shake_128(self.seed.encode()).digest(self.length) if self.seed else bytes(self.length)


@dataclass(frozen=True)
class ExpandVolume:
    name: str
    size: int

    def perform(self, client: Client) -> None:
        client.expand(self.name, self.size)

    def applied(self, world: World) -> World:
        volume = world.volumes[self.name]
        return _with_volume(world, self.name, replace(volume, content=volume.content.ljust(self.size, b"\0")))


@dataclass(frozen=True)
class DeleteVolume:
    """A detached one; its snapshots stay."""

    name: str

    def perform(self, client: Client) -> None:
        client.delete_volume(self.name)

    def applied(self, world: World) -> World:
        return replace(world, volumes=_without(world.volumes, self.name))


@dataclass(frozen=True)
class CreateSnapshot:
    volume: str
    name: str

    def perform(self, client: Client) -> None:
        client.create_snapshot(self.volume, self.name)

    def applied(self, world: World) -> World:
        cut = Cut(self.volume, world.volumes[self.volume].content)
        return replace(world, snapshots={**world.snapshots, self.name: cut})


@dataclass(frozen=True)
class DeleteSnapshot:
    name: str

    def perform(self, client: Client) -> None:
        client.delete_snapshot(self.name)

    def applied(self, world: World) -> World:
        return replace(world, snapshots=_without(world.snapshots, self.name))


@dataclass(frozen=True)
class CreateGroup:
    name: str
    volumes: tuple[str, ...]

    def perform(self, client: Client) -> None:
        client.create_group(self.name, list(self.volumes))

    def applied(self, world: World) -> World:
        members = {f"{self.name}/{name}": Cut(name, world.volumes[name].content) for name in self.volumes}
        return replace(world, snapshots={**world.snapshots, **members}, groups=world.groups | {self.name})


@dataclass(frozen=True)
class DeleteGroup:
    name: str

    def perform(self, client: Client) -> None:
        client.delete_group(self.name)

    def applied(self, world: World) -> World:
        members = [name for name in world.snapshots if name.startswith(f"{self.name}/")]
        return replace(world, snapshots=_without(world.snapshots, *members), groups=world.groups - {self.name})


@dataclass(frozen=True)
class RevertVolume:
    """One that is attached for maintenance. It stays as large as it is."""

    name: str
    snapshot: str

    def perform(self, client: Client) -> None:
        client.act(self.name, "snapshotRevert", name=self.snapshot)

    def applied(self, world: World) -> World:
        volume, cut = world.volumes[self.name], world.snapshots[self.snapshot]
        content = cut.content.ljust(len(volume.content), b"\0")
        return _with_volume(world, self.name, replace(volume, content=content))


@dataclass(frozen=True)
class RemoveReplica:
    """Of an attached volume, which builds another."""

    name: str

    def perform(self, client: Client) -> None:
        replicas = client.ask("GET", f"volumes/{self.name}")["replicas"]
        client.act(self.name, "replicaRemove", name=replicas[0]["name"])
        client.until_healthy(self.name)

    def applied(self, world: World) -> World:
        return world


@dataclass(frozen=True)
class CreateBackup:
    """Of a snapshot whose volume is there. Asked for twice, there are two of that label."""

    snapshot: str
    label: str

    def perform(self, client: Client) -> None:
        volume = client.ask("GET", f"snapshotcrs/{self.snapshot}")["volume"]
        client.create_backup(volume, self.snapshot, self.label)

    def applied(self, world: World) -> World:
        return replace(world, backups={**world.backups, self.label: world.snapshots[self.snapshot]})


@dataclass(frozen=True)
class DeleteBackup:
    label: str

    def perform(self, client: Client) -> None:
        for backup in client.backups(self.label):
            client.delete_backup(backup)

    def applied(self, world: World) -> World:
        return replace(world, backups=_without(world.backups, self.label))


@dataclass(frozen=True)
class RestoreBackup:
    name: str
    size: int
    label: str

    def perform(self, client: Client) -> None:
        complete = [item for item in client.backups(self.label) if item["state"] == "Completed"]
        client.restore(self.name, self.size, min(item["url"] for item in complete))

    def applied(self, world: World) -> World:
        content = world.backups[self.label].content
        return _with_volume(world, self.name, Volume(content.ljust(self.size, b"\0")))


def _with_volume(world: World, name: str, volume: Volume) -> World:
    return replace(world, volumes={**world.volumes, name: volume})


def _without(items: dict[str, Item], *names: str) -> dict[str, Item]:
    return {name: item for name, item in items.items() if name not in names}
