"""Clients that ask for whatever is possible, at random, and know what they got."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass

from .client import Client, GoneError
from .knowledge import Knowledge
from .operations import (
    AttachVolume,
    CreateGroup,
    CreateSnapshot,
    CreateVolume,
    DeleteGroup,
    DeleteSnapshot,
    DeleteVolume,
    DetachVolume,
    ExpandVolume,
    Operation,
    WriteData,
)
from .world import World

MIB = 1 << 20
LARGEST = 6 * MIB
STEP = 2 * MIB
"""Sizes of volumes are multiples of this."""
BLOCK = 4096


@dataclass(frozen=True)
class Choice:
    """An operation that is possible now, and how often it is chosen among others."""

    weight: int
    make: Callable[[], Operation]


class Customer:
    """One client with volumes of its own; it restores the ``shared`` snapshots of ``world`` too."""

    def __init__(self, name: str, numbers: random.Random, world: World, answered: Callable[[], None]) -> None:
        self.known = Knowledge(f"{name}-", world)
        self.shared = tuple(world.snapshots)
        self._answered = answered
        self._numbers = numbers
        self._names = 0
        self._held: dict[str, int] = {}

    def work(self, client: Client) -> None:
        """Until the backend is gone."""
        try:
            while True:
                self._ask(client, self._choose())
        except GoneError:
            return

    def leave(self, client: Client) -> None:
        """Delete everything."""
        own = self.known.world.of(self.known.prefix)
        for name, volume in own.volumes.items():
            if volume.attached:
                self._ask(client, DetachVolume(name))
            self._ask(client, DeleteVolume(name))
        for name in own.groups:
            self._ask(client, DeleteGroup(name))
        for name in own.snapshots:
            if "/" not in name:
                self._ask(client, DeleteSnapshot(name))

    def let_go(self) -> None:
        """Close what devices it holds."""
        while self._held:
            os.close(self._held.popitem()[1])

    def _ask(self, client: Client, operation: Operation) -> None:
        if isinstance(operation, DetachVolume) and operation.name in self._held:
            os.close(self._held.pop(operation.name))
        self.known.perform(client, operation)
        self._answered()
        if isinstance(operation, AttachVolume) and self._numbers.random() < 0.5:
            self._held[operation.name] = client.open_device(operation.name)  # it survives its backend now

    def _choose(self) -> Operation:
        possible = self._possible()
        choice = self._numbers.choices(possible, [choice.weight for choice in possible])[0]
        return choice.make()

    def _possible(self) -> list[Choice]:
        own, pick = self.known.world.of(self.known.prefix), self._numbers.choice
        attached = sorted(name for name, volume in own.volumes.items() if volume.attached)
        detached = sorted(name for name, volume in own.volumes.items() if not volume.attached)
        small = sorted(name for name, volume in own.volumes.items() if len(volume.content) < LARGEST)
        cuts = sorted(name for name in own.snapshots if "/" not in name)
        sources = [*cuts, *self.shared, *(f"vol://{name}" for name in own.volumes)]
        found = []
        if len(own.volumes) < 3:
            found += [
                Choice(
                    2,
                    lambda: CreateVolume(
                        self._name("v"), STEP * self._numbers.randint(1, 2), replicas=self._numbers.randint(1, 2)
                    ),
                )
            ]
            found += [Choice(3, lambda: self._copy(pick(sources)))]
        if attached:
            found += [
                Choice(8, lambda: self._write(pick(attached))),
                Choice(2, lambda: DetachVolume(pick(attached))),
            ]
        if detached:
            found += [
                Choice(4, lambda: AttachVolume(pick(detached))),
                Choice(2, lambda: DeleteVolume(pick(detached))),
            ]
        if own.volumes and len(cuts) < 4:
            found += [Choice(4, lambda: CreateSnapshot(pick(sorted(own.volumes)), self._name("s")))]
        if cuts:
            found += [Choice(2, lambda: DeleteSnapshot(pick(cuts)))]
        if small:
            found += [Choice(1, lambda: self._expand(pick(small)))]
        if len(detached) > 1 and not own.groups:
            found += [Choice(2, lambda: CreateGroup(self._name("g"), tuple(detached)))]
        if own.groups:
            found += [Choice(1, lambda: DeleteGroup(pick(sorted(own.groups))))]
        return found

    def _copy(self, source: str) -> Operation:
        world = self.known.world
        volume = source.startswith("vol://")
        content = (world.volumes[source[6:]] if volume else world.snapshots[source]).content
        size = min(LARGEST, len(content) + STEP * self._numbers.randint(0, 1))
        return CreateVolume(self._name("v"), size, source)

    def _write(self, name: str) -> Operation:
        blocks = len(self.known.world.volumes[name].content) // BLOCK
        first = self._numbers.randrange(blocks)
        count = min(self._numbers.randint(1, 64), blocks - first)
        seed = "" if self._numbers.random() < 0.1 else str(self._numbers.random())
        return WriteData(name, first * BLOCK, count * BLOCK, seed)

    def _expand(self, name: str) -> Operation:
        return ExpandVolume(name, len(self.known.world.volumes[name].content) + STEP)

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{self.known.prefix}{kind}{self._names}"
