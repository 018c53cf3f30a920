"""Keeps the evidence of tests, in the process that runs them: the tape begins and ends with each of them."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_csi_snapshot.evidence.tape import TAPE


class Keeper:
    """Hooks around the phases of a test."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Begin: what is prepared for several tests belongs to the first one that needs it."""
        TAPE.begin()
        return (yield)
