"""What a client knows: volumes and snapshots with their content, as the backend acknowledged them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Volume:
    """``content`` is all of it: its length is the volume's size."""

    content: bytes = field(repr=False)
    attached: bool = False


@dataclass(frozen=True)
class Cut:
    """A snapshot, with the content its volume had then."""

    volume: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class World:
    """Everything by name; a snapshot of a group has the name GROUP/VOLUME. Compared as a whole."""

    volumes: dict[str, Volume] = field(default_factory=dict)
    snapshots: dict[str, Cut] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()

    def of(self, prefix: str) -> World:
        """The part whose names begin so."""
        return World(
            {name: item for name, item in self.volumes.items() if name.startswith(prefix)},
            {name: item for name, item in self.snapshots.items() if name.startswith(prefix)},
            frozenset(name for name in self.groups if name.startswith(prefix)),
        )


def differences(expected: World, observed: World) -> list[str]:
    """In words; [] where there are none."""
    return [
        *_of_names("volume", expected.volumes, observed.volumes),
        *_of_names("snapshot", expected.snapshots, observed.snapshots),
        *_of_names("group", expected.groups, observed.groups),
        *(
            f"volume {name} is {'attached' if observed.volumes[name].attached else 'detached'}"
            for name in expected.volumes.keys() & observed.volumes.keys()
            if expected.volumes[name].attached != observed.volumes[name].attached
        ),
        *(
            f"snapshot {name} is one of volume {observed.snapshots[name].volume}"
            for name in expected.snapshots.keys() & observed.snapshots.keys()
            if expected.snapshots[name].volume != observed.snapshots[name].volume
        ),
        *_of_content("volume", _contents(expected.volumes), _contents(observed.volumes)),
        *_of_content("snapshot", _contents(expected.snapshots), _contents(observed.snapshots)),
    ]


def _contents(items: dict[str, Volume] | dict[str, Cut]) -> dict[str, bytes]:
    return {name: item.content for name, item in items.items()}


def _of_names(kind: str, expected: Iterable[str], observed: Iterable[str]) -> list[str]:
    return [
        *(f"{kind} {name} is missing" for name in sorted(set(expected) - set(observed))),
        *(f"{kind} {name} should not be there" for name in sorted(set(observed) - set(expected))),
    ]


def _of_content(kind: str, expected: dict[str, bytes], observed: dict[str, bytes]) -> list[str]:
    found = []
    for name in sorted(expected.keys() & observed.keys()):
        wanted, seen = expected[name], observed[name]
        if len(wanted) != len(seen):
            found.append(f"{kind} {name} has {len(seen)} bytes instead of {len(wanted)}")
        elif wanted != seen:
            first = next(place for place in range(len(wanted)) if wanted[place] != seen[place])
            found.append(f"{kind} {name} has other content from byte {first} on")
    return found
