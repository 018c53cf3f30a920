"""What the fake driver holds; ``bugs`` are the ways in which it is wrong."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import grpc

from pytest_csi_snapshot.csi.wire import csi_pb2 as pb

Code = grpc.StatusCode
Context = grpc.ServicerContext


@dataclass
class Volume:
    id: str
    name: str
    size: int
    source: pb.VolumeContentSource | None
    block: bool
    text: str = ""
    filesystem: int = 0
    target: Path | None = None
    attached: bool = False

    @property
    def now(self) -> str:
        """What is written in it."""
        file = self.target / "text" if self.target and self.target.is_dir() else None
        return file.read_text() if file and file.exists() else self.text


@dataclass
class Snapshot:
    id: str
    name: str
    volume: Volume
    size: int
    filesystem: int
    text: str
    group: str = ""
    looks: int = 0

    @property
    def message(self) -> pb.Snapshot:
        found = pb.Snapshot(
            size_bytes=self.size,
            snapshot_id=self.id,
            source_volume_id=self.volume.id,
            ready_to_use=True,
            group_snapshot_id=self.group,
        )
        found.creation_time.FromSeconds(1_700_000_000)
        return found


@dataclass
class State:
    bugs: frozenset[str]
    volumes: dict[str, Volume] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    groups: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    """Id -> name and ids of the members."""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    guard: threading.RLock = field(default_factory=threading.RLock)

    def has(self, bug: str) -> bool:
        return bug in self.bugs

    def cut(self, volume: Volume, name: str, group: str = "") -> Snapshot:
        made = Snapshot(
            f"snapshot-{next(self.numbers)}", name, volume, volume.size, volume.filesystem, volume.now, group
        )
        self.snapshots[made.id] = made
        return made


def refuse(context: Context, code: Code, text: str) -> NoReturn:
    context.abort(code, text)
    raise AssertionError
