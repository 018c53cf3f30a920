"""What a client knows: volumes and snapshots with their content, as the backend acknowledged them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

ATTACHED = ("device", "maintenance")
"""With a device, or for maintenance without one."""


@dataclass(frozen=True)
class Volume:
    """``content`` is all of it: its length is the volume's size. ``attached`` is one of ``ATTACHED``, or ""."""

    content: bytes = field(repr=False)
    attached: str = ""


@dataclass(frozen=True)
class Cut:
    """A snapshot or a backup, with the content its volume had then."""

    volume: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class World:
    """Everything by name; a snapshot of a group has the name GROUP/VOLUME. Compared as a whole.

    Backups get their names from the backend: here they are called as their label says.
    """

    volumes: dict[str, Volume] = field(default_factory=dict)
    snapshots: dict[str, Cut] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    backups: dict[str, Cut] = field(default_factory=dict)

    def of(self, prefix: str) -> World:
        """The part whose names begin so."""
        return World(
            {name: item for name, item in self.volumes.items() if name.startswith(prefix)},
            {name: item for name, item in self.snapshots.items() if name.startswith(prefix)},
            frozenset(name for name in self.groups if name.startswith(prefix)),
            {name: item for name, item in self.backups.items() if name.startswith(prefix)},
        )


def differences(expected: World, observed: World) -> list[str]:
    """In words; [] where there are none."""
    return [
        *_of_names("group", expected.groups, observed.groups),
        *_of_content("volume", _contents(expected.volumes), _contents(observed.volumes)),
        *_of_content("snapshot", _contents(expected.snapshots), _contents(observed.snapshots)),
        *_of_content("backup", _contents(expected.backups), _contents(observed.backups)),
        *_of_attachments(expected.volumes, observed.volumes),
        *_of_sources("snapshot", expected.snapshots, observed.snapshots),
        *_of_sources("backup", expected.backups, observed.backups),
    ]


def _contents(items: dict[str, Volume] | dict[str, Cut]) -> dict[str, bytes]:
    return {name: item.content for name, item in items.items()}


def _of_names(kind: str, expected: Iterable[str], observed: Iterable[str]) -> list[str]:
    return [
        *(f"{kind} {name} is missing" for name in sorted(set(expected) - set(observed))),
        *(f"{kind} {name} should not be there" for name in sorted(set(observed) - set(expected))),
    ]


def _of_attachments(expected: dict[str, Volume], observed: dict[str, Volume]) -> list[str]:
    return [
        f"volume {name} is attached as {observed[name].attached!r} instead of {expected[name].attached!r}"
        for name in sorted(expected.keys() & observed.keys())
        if expected[name].attached != observed[name].attached
    ]


def _of_sources(kind: str, expected: dict[str, Cut], observed: dict[str, Cut]) -> list[str]:
    return [
        f"{kind} {name} is one of volume {observed[name].volume}"
        for name in sorted(expected.keys() & observed.keys())
        if expected[name].volume != observed[name].volume
    ]


def _of_content(kind: str, expected: dict[str, bytes], observed: dict[str, bytes]) -> list[str]:
    found = _of_names(kind, expected, observed)
    for name in sorted(expected.keys() & observed.keys()):
        wanted, seen = expected[name], observed[name]
        if len(wanted) != len(seen):
            found.append(f"{kind} {name} has {len(seen)} bytes instead of {len(wanted)}")
        elif wanted != seen:
            first = next(place for place in range(len(wanted)) if wanted[place] != seen[place])
            found.append(f"{kind} {name} has other content from byte {first} on")
    return found
