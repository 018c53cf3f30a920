"""Clients that ask for whatever is possible, at random, and know what they got."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from .client import Client, GoneError
from .knowledge import Knowledge
from .operations import (
    AttachVolume,
    CreateBackup,
    CreateGroup,
    CreateSnapshot,
    CreateVolume,
    DeleteBackup,
    DeleteGroup,
    DeleteSnapshot,
    DeleteVolume,
    DetachVolume,
    ExpandVolume,
    Operation,
    RestoreBackup,
    RevertVolume,
    WriteData,
)
from .world import ATTACHED, World

MIB = 1 << 20
LARGEST = 6 * MIB
STEP = 2 * MIB
"""Sizes of volumes are multiples of this."""
BLOCK = 4096
MOST_VOLUMES, MOST_SNAPSHOTS, MOST_BACKUPS = 3, 4, 2


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
        for label in own.backups:
            self._ask(client, DeleteBackup(label))
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
        if isinstance(operation, AttachVolume) and not operation.maintenance and self._numbers.random() < 0.5:
            self._held[operation.name] = client.open_device(operation.name)  # it survives its backend now

    def _choose(self) -> Operation:
        possible = self._possible()
        choice = self._numbers.choices(possible, [choice.weight for choice in possible])[0]
        return choice.make()

    def _possible(self) -> list[Choice]:
        own = self.known.world.of(self.known.prefix)
        cuts = sorted(name for name in own.snapshots if "/" not in name)
        return [*self._of_volumes(own, cuts), *self._of_snapshots(own, cuts), *self._of_backups(own, cuts)]

    def _of_volumes(self, own: World, cuts: list[str]) -> Iterator[Choice]:
        pick, names = self._numbers.choice, sorted(own.volumes)
        by_state = {
            state: [name for name in names if own.volumes[name].attached == state] for state in ("", *ATTACHED)
        }
        detached, used, maintained = by_state[""], by_state["device"], by_state["maintenance"]
        small = [name for name in [*detached, *used] if len(own.volumes[name].content) < LARGEST]
        if len(names) < MOST_VOLUMES:
            yield Choice(2, self._create)
            yield Choice(
                3,
                lambda: self._copy(pick([*cuts, *self.shared, *(f"vol://{name}" for name in [*detached, *used])])),
            )
        if used:
            yield Choice(8, lambda: self._write(pick(used)))
            yield Choice(2, lambda: DetachVolume(pick(used)))
        if detached:
            yield Choice(4, lambda: AttachVolume(pick(detached)))
            yield Choice(1, lambda: AttachVolume(pick(detached), maintenance=True))
            yield Choice(2, lambda: DeleteVolume(pick(detached)))
        if small:
            yield Choice(1, lambda: self._expand(pick(small)))
        for name in maintained:
            yield Choice(4, partial(DetachVolume, name))
            own_cuts = [cut for cut in cuts if own.snapshots[cut].volume == name]
            if own_cuts:
                yield Choice(8, partial(RevertVolume, name, pick(own_cuts)))

    def _of_snapshots(self, own: World, cuts: list[str]) -> Iterator[Choice]:
        pick = self._numbers.choice
        detached = sorted(name for name, volume in own.volumes.items() if not volume.attached)
        if own.volumes and len(cuts) < MOST_SNAPSHOTS:
            yield Choice(4, lambda: CreateSnapshot(pick(sorted(own.volumes)), self._name("s")))
        if cuts:
            yield Choice(2, lambda: DeleteSnapshot(pick(cuts)))
        if len(detached) > 1 and not own.groups:
            yield Choice(2, lambda: CreateGroup(self._name("g"), tuple(detached)))
        if own.groups:
            yield Choice(1, lambda: DeleteGroup(pick(sorted(own.groups))))

    def _of_backups(self, own: World, cuts: list[str]) -> Iterator[Choice]:
        pick = self._numbers.choice
        sources = [cut for cut in cuts if own.snapshots[cut].volume in own.volumes]
        if sources and len(own.backups) < MOST_BACKUPS:
            yield Choice(2, lambda: CreateBackup(pick(sources), self._name("b")))
        if own.backups:
            yield Choice(1, lambda: DeleteBackup(pick(sorted(own.backups))))
            if len(own.volumes) < MOST_VOLUMES:
                yield Choice(1, lambda: self._restore(pick(sorted(own.backups))))

    def _create(self) -> Operation:
        size = STEP * self._numbers.randint(1, 2)
        return CreateVolume(self._name("v"), size, replicas=self._numbers.randint(1, 2))

    def _restore(self, label: str) -> Operation:
        return RestoreBackup(self._name("v"), self._size(self.known.world.backups[label].content), label)

    def _size(self, content: bytes) -> int:
        """That of the source or a little more."""
        return min(LARGEST, len(content) + STEP * self._numbers.randint(0, 1))

    def _copy(self, source: str) -> Operation:
        world = self.known.world
        volume = source.startswith("vol://")
        content = (world.volumes[source[6:]] if volume else world.snapshots[source]).content
        return CreateVolume(self._name("v"), self._size(content), source)

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
