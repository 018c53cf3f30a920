"""Fixtures: a machine with a backend and a driver on it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..private_mounts import private_mounts
from .machine import Machine, free_port
from .rest import Rest

__all__ = ["private_mounts"]


@pytest.fixture
def stopped(private_mounts: None) -> Iterator[Machine]:
    """A machine whose roles are not started."""
    machine = Machine(Path(tempfile.mkdtemp(prefix="csi-")), free_port())
    yield machine
    machine.clear()


@pytest.fixture
def machine(stopped: Machine) -> Machine:
    """A machine that serves."""
    stopped.start()
    return stopped


@pytest.fixture
def rest(machine: Machine) -> Iterator[Rest]:
    """The API of the backend of ``machine``."""
    found = Rest(machine.api)
    yield found
    found.close()
