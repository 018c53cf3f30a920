"""The tape, begun and ended around a test of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.evidence.tape import TAPE, Tape


@pytest.fixture
def tape() -> Iterator[Tape]:
    TAPE.begin()
    yield TAPE
    TAPE.end()
