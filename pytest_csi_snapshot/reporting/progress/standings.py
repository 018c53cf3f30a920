"""The folder in which workers publish what they are doing, and what they will run.

The workers' side, ``Standings``, is also registered in a process that runs tests without xdist: it has no folder
then, and who shows the progress asks ``STANDING`` itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.judging import CLAUSES
from pytest_csi_snapshot.standing import STANDING, Doing, read_standing
from pytest_csi_snapshot.turns import is_exclusive

FOLDER = "csi_standings"
"""Key of ``workerinput``."""

_PLAN = "plan.json"
TURN, CLEAN_UP = "its turn", "the clean-up"
"""What a test waits for before its setup, and from its teardown on."""


class Standings:
    """Tells which test of this process runs; ``folder`` None where there is nobody to tell it to."""

    def __init__(self, folder: Path | None, worker: str = "") -> None:
        self._folder = folder
        TAPE.on_wait(STANDING.awaiting)
        if folder:
            STANDING.publish_in(folder / worker)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down what will run: the controller collects nothing itself. All workers write the same."""
        if self._folder:
            alone = [item.nodeid for item in session.items if is_exclusive(item)]
            part = self._folder / f"{_PLAN}.{time.monotonic_ns()}"
            part.write_text(json.dumps({"tests": plan_of(session), "alone": alone}))
            part.rename(self._folder / _PLAN)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Outside of the locks that tests wait for."""
        STANDING.test(Doing(item.nodeid, time.monotonic(), TURN, item.name))
        try:
            return (yield)
        finally:
            STANDING.test(None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """The test has its turn."""
        STANDING.test(Doing(item.nodeid, time.monotonic()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """What the test has made is removed."""
        STANDING.test(Doing(item.nodeid, time.monotonic(), CLEAN_UP, item.name))


def standings_of(config: pytest.Config) -> Standings:
    """That of this process, worker or not."""
    handed = getattr(config, "workerinput", {})
    folder = handed.get(FOLDER)
    return Standings(Path(folder) if folder else None, str(handed.get("workerid", "")))


def plan_of(session: pytest.Session) -> dict[str, tuple[str, ...]]:
    """The tests of a session, and their clauses."""
    return {item.nodeid: item.stash.get(CLAUSES, ()) for item in session.items}


def read_plan(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """What the workers will run; {} until one of them has collected it."""
    return {test: tuple(clauses) for test, clauses in _planned(folder).get("tests", {}).items()}


def read_alone(folder: Path) -> frozenset[str]:
    """Which of these tests run alone."""
    return frozenset(_planned(folder).get("alone", ()))


def _planned(folder: Path) -> dict[str, Any]:
    path = folder / _PLAN
    plain: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return plain


def doings_in(folder: Path) -> dict[str, Doing]:
    """What the workers are at, by worker."""
    found = {
        path.name: read_standing(path) for path in sorted(folder.iterdir()) if not path.name.startswith(_PLAN)
    }
    return {name: doing for name, doing in found.items() if doing}
