"""Other disks for the backend, put in place of the clean one before its process begins: see ``Preparation``."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.reference_impl.backend import durable

from .ground import clone
from .recording import SYNCS

Around = Callable[[str, tuple[Path, ...]], contextlib.AbstractContextManager[None]]
"""Gets the name of a step and its paths; the step is the body."""


def record(data: str, recording: str) -> None:
    """Write down each step that was done below ``data``, with a copy of what a file held when it was synced."""
    recorder = Recorder(Path(data), Path(recording))

    @contextlib.contextmanager
    def around(step: str, paths: tuple[Path, ...]) -> Iterator[None]:
        with recorder.lock:  # steps of other threads come before or after it
            yield
            recorder.done(step, *paths)

    durable.disk = _watched(around)


def die(number: int, side: str) -> None:
    """End the process by SIGKILL ``side`` ("before" or "after") the step of that number, from 0 on."""
    count = itertools.count()

    @contextlib.contextmanager
    def around(step: str, paths: tuple[Path, ...]) -> Iterator[None]:
        here = next(count) == number
        if here and side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if here:
            os.kill(os.getpid(), signal.SIGKILL)

    durable.disk = _watched(around)


class Recorder:
    """Appends to ``recording``/log, one JSON object a line; several processes may."""

    def __init__(self, data: Path, recording: Path) -> None:
        self._data = data
        self._recording = recording
        self.lock = threading.Lock()
        recording.mkdir(exist_ok=True)

    def done(self, step: str, *paths: Path) -> None:
        """A step of the disk; of a sync with what is in the files now."""
        names = [str(path.relative_to(self._data)) for path in paths]
        synced = {name: path for name, path in zip(names, paths, strict=True) if step in SYNCS and path.is_file()}
        copies = {name: self._copy(path) for name, path in synced.items()}
        self._write({"step": step, "paths": names, "copies": copies})

    def acknowledged(self, number: int) -> None:
        """So many operations have been."""
        self._write({"acknowledged": number})

    def _copy(self, path: Path) -> str:
        name = os.urandom(8).hex()
        clone(path, self._recording / name)
        return name

    def _write(self, line: dict[str, Any]) -> None:
        with (self._recording / "log").open("a") as log:
            log.write(json.dumps(line) + "\n")


def _watched(around: Around) -> durable.Disk:
    """A disk whose every step is done inside ``around``."""

    class Watched(durable.Disk):
        pass

    for name, step in vars(durable.Disk).items():
        if not name.startswith("_"):
            setattr(Watched, name, _wrapped(name, step, around))
    return Watched()


def _wrapped(name: str, step: Callable[..., None], around: Around) -> Callable[..., None]:
    def wrapped(self: durable.Disk, *arguments: Any) -> None:
        given = [item if isinstance(item, Path | bytes) else list(item) for item in arguments]
        with around(name, tuple(_paths(given))):
            step(self, *given)

    return wrapped


def _paths(arguments: list[Any]) -> Iterator[Path]:
    """Those given one by one, and those given together."""
    for item in arguments:
        if isinstance(item, Path):
            yield item
        elif isinstance(item, list):
            yield from item
