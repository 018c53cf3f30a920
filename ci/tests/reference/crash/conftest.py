"""Fixtures: the ground, the zygote, and what is said at the end of a run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..private_mounts import private_mounts
from .ground import Ground
from .ground import ground as made_ground
from .incarnations import Zygote

__all__ = ["private_mounts"]


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """On a disk, with a short name."""
    path = Path(tempfile.mkdtemp(prefix="crash-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def ground(private_mounts: None, folder: Path) -> Iterator[Ground]:
    with made_ground(folder) as found:
        yield found


@pytest.fixture(scope="session")
def zygote(ground: Ground, folder: Path) -> Iterator[Zygote]:
    with Zygote(folder) as process:
        yield process
