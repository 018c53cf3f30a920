"""Fixtures: a machine with a backend and a driver on it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..private_mounts import private_mounts
from .machine import Machine, free_port
from .rest import Rest

__all__ = ["private_mounts"]


@contextlib.contextmanager
def made() -> Iterator[Machine]:
    machine = Machine(Path(tempfile.mkdtemp(prefix="csi-")), free_port())
    yield machine
    machine.clear()


@pytest.fixture
def stopped(private_mounts: None) -> Iterator[Machine]:
    """A machine whose roles are not started."""
    with made() as machine:
        yield machine


@pytest.fixture
def machine(stopped: Machine) -> Machine:
    """A machine that serves."""
    stopped.start()
    return stopped


@pytest.fixture
def neighbour(private_mounts: None) -> Iterator[Machine]:
    """Another driver with a backend of its own, which sees the same mounts."""
    with made() as machine:
        machine.start()
        yield machine


@pytest.fixture
def rest(machine: Machine) -> Iterator[Rest]:
    """The API of the backend of ``machine``."""
    found = Rest(machine.api)
    yield found
    found.close()
