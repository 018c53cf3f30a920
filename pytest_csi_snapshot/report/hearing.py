"""Hears, in the process that the user started, what becomes of each test; for all who tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_csi_snapshot.report.seen import Tests
from pytest_csi_snapshot.reporting.collector import payload_of


class Hearing:
    """Hooks that fill ``tests``."""

    def __init__(self) -> None:
        self.tests = Tests()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to run, without workers."""
        self.tests.collect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note what is to run, with workers."""
        self.tests.collect(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Note a worker that died, also where it is never told in which test."""
        if error and str(error) != "keyboard-interrupt":
            self.tests.lose(node.gateway.id)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase says."""
        self.tests.take(report, payload_of(report))
