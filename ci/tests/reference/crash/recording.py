"""What a crash of the machine leaves of a directory, told from a recording of how it was written.

XFS logs names in their order: after a crash there is everything up to some moment, at least up to the last
sync of anything. A file holds what it held at its own last sync; what came later, the harshest crash takes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from .ground import clone

SYNCS = ("sync", "sync_folder", "sync_together")


@dataclass(frozen=True)
class Event:
    """A step of the disk, or (``step`` is "") the moment when a client had ``acknowledged`` operations.

    ``copies`` tells of each file that was synced where a copy of it lies.
    """

    step: str = ""
    paths: tuple[str, ...] = ()
    copies: dict[str, str] = field(default_factory=dict)
    acknowledged: int = 0

    def __str__(self) -> str:
        return " ".join((self.step, *self.paths)) if self.step else f"answer {self.acknowledged}"


@dataclass
class _File:
    """``copy`` is where its content at its last sync lies; "" if it never was."""

    copy: str = ""


@dataclass
class Tree:
    """A directory, built up step by step. Files are the same if they are one object: a file may have two names."""

    files: dict[str, _File] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Raises KeyError for a step that is not known here."""
        if event.step:
            getattr(self, f"_{event.step}", self._unknown)(event)

    def build(self, target: Path, copies: Path) -> None:
        """Make it below ``target``, which is not there, of what was copied to ``copies``."""
        target.mkdir()
        for folder in self.folders:
            (target / folder).mkdir(parents=True, exist_ok=True)
        made: dict[int, Path] = {}
        for name, file in self.files.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if id(file) in made:
                path.hardlink_to(made[id(file)])
            elif file.copy:
                clone(copies / file.copy, path)
            else:
                path.touch()
            made.setdefault(id(file), path)

    def _write(self, event: Event) -> None:
        self.files[event.paths[0]] = _File()

    def _sync(self, event: Event) -> None:
        """Of folders nothing is to be done: only the moment when their names are durable changes."""
        for path, copy in event.copies.items():
            self.files.setdefault(path, _File()).copy = copy

    _sync_folder = _sync_together = _sync

    def _start_sync(self, event: Event) -> None:
        """Promises nothing."""

    def _rename(self, event: Event) -> None:
        old, new = event.paths
        if old in self.folders:
            self._rename_folder(old, new)
        else:
            self.files[new] = self.files.pop(old, _File())

    def _rename_folder(self, old: str, new: str) -> None:
        self.files = {_moved(name, old, new): file for name, file in self.files.items()}
        self.folders = {_moved(name, old, new) for name in self.folders}

    def _link(self, event: Event) -> None:
        path, new = event.paths
        self.files[new] = self.files.setdefault(path, _File())

    def _unlink(self, event: Event) -> None:
        self.files.pop(event.paths[0], None)

    def _make_folder(self, event: Event) -> None:
        self.folders.add(event.paths[0])

    def _remove_folder(self, event: Event) -> None:
        self.folders.discard(event.paths[0])

    def _unknown(self, event: Event) -> None:
        raise KeyError(f"the disk has a step {event.step!r}: say here what a crash leaves of it")


def load(log: Path) -> list[Event]:
    """The events of a recording, in their order."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [Event(**{**line, "paths": tuple(line.get("paths", ()))}) for line in lines]


@dataclass(frozen=True)
class Crash:
    """``happened`` is how many events had happened, ``names`` how many events' changes of names are there."""

    happened: int
    names: int

    @property
    def lost(self) -> int:
        """How many events' changes of names are not there."""
        return self.happened - self.names

    def __str__(self) -> str:
        return f"{self.happened}-{self.lost}"


def crashes(events: list[Event]) -> list[Crash]:
    """Every crash there can be: after each event, with all names so far, and with those up to the last sync.

    Between a step and the acknowledgement that follows it nothing reaches the disk: the later moment counts.
    """
    found = []
    synced = 0
    for happened in range(1, len(events) + 1):
        if events[happened - 1].step in SYNCS:
            synced = happened
        if happened < len(events) and not events[happened].step:
            continue
        found += [Crash(happened, names) for names in sorted({synced, happened})]
    return found


def tree_after(events: list[Event], crash: Crash) -> Tree:
    tree = Tree()
    for event in events[: crash.names]:
        tree.take(event)
    return tree


def acknowledged_at(events: list[Event], crash: Crash) -> int:
    """How many operations had been acknowledged then."""
    return max((event.acknowledged for event in events[: crash.happened]), default=0)


def kind(event: Event) -> str:
    """Its step, and what sort of file or folder it is about, told from the last of its paths."""
    if not event.paths:
        return event.step
    path = PurePath(event.paths[-1])
    place = path if event.step.endswith("folder") else path.parent
    return f"{event.step} {'/'.join(place.parts[:2])} {''.join(path.suffixes)}"


def _moved(name: str, old: str, new: str) -> str:
    return new + name.removeprefix(old) if name == old or name.startswith(f"{old}/") else name
