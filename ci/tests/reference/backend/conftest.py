"""Fixtures: an engine over a directory of its own, released afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.records import Node
from pytest_csi_snapshot.reference_impl.backend.release import release

from ..private_mounts import private_mounts

__all__ = ["private_mounts"]

Open = Callable[[], Engine]


@pytest.fixture
def data(private_mounts: None, tmp_path: Path) -> Iterator[Path]:
    """A data directory; what is left in the kernel is released at the end."""
    folder = tmp_path / "data"
    folder.mkdir()
    yield folder
    assert release(folder) == []


@pytest.fixture
def open_engine(data: Path) -> Iterator[Open]:
    """Opens the directory, each time as a new process would; devices held before are let go as if it had died."""
    opened: list[Engine] = []

    def die() -> None:
        for engine in opened:
            for _, fd in engine.devices._held.values():  # noqa: SLF001  what the kernel does to a killed process
                os.close(fd)
        opened.clear()

    def open_again() -> Engine:
        die()
        engine = Engine.open(data, Pool(data, 1 << 30))
        engine.nodes.put(Node("node-1"))
        opened.append(engine)
        return engine

    yield open_again
    die()


@pytest.fixture
def engine(open_engine: Open) -> Engine:
    return open_engine()
