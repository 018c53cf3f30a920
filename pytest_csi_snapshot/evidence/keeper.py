"""Keeps the evidence of tests, in the process that runs them: the tape begins and ends with each of them.

Evidence is a by-product: where it cannot be written, the outcome of the test stays what it is, and the report of
its teardown says why.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from typing import Any

import pytest

from pytest_csi_snapshot.evidence.gathering import Gathered
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.evidence.writing import write_evidence
from pytest_csi_snapshot.outcomes import Outcome, worst
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.report.plain import to_plain
from pytest_csi_snapshot.settings import SETTINGS

TROUBLE = "evidence_trouble"
"""Key of a payload: why the evidence of the test could not be written."""

_PHASES = pytest.StashKey[dict[str, pytest.TestReport]]()
_IN_FULL = (Outcome.FAILED, Outcome.ERRORED)
"""Outcomes of which a reader wants to see the objects and logs."""


class EvidenceKeeper:
    """Hooks around the phases of a test."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Begin: what is prepared for several tests belongs to the first one that needs it."""
        item.stash[_PHASES] = {}
        TAPE.begin()
        return (yield)


def note_phase(item: pytest.Item, report: pytest.TestReport) -> None:
    """Remember how a phase ended."""
    item.stash.setdefault(_PHASES, {})[str(report.when)] = report


def told_of(item: pytest.Item, recorder: Recorder | None, settled: list[Outcome]) -> dict[str, Any]:
    """Write the evidence of a test that is over; what its last report says besides, as plain data.

    ``settled`` are the outcomes of its clauses. ``began`` is an ISO 8601 time, ``phases`` and ``seconds_by`` are
    seconds, ``evidence`` is a path below the folder of the report, "" where there is none.
    """
    reports = item.stash.get(_PHASES, {})
    outcome = _outcome(settled, reports.values())
    phases = {when: round(report.duration, 3) for when, report in reports.items()}
    gathered = Gathered(TAPE, time.monotonic())
    TAPE.end()
    told = {"outcome": outcome.value, "began": TAPE.wall, "phases": phases,
            "seconds_by": to_plain(gathered.seconds), "evidence": ""}  # fmt: skip
    settings = item.config.stash.get(SETTINGS, None)
    if recorder is None or settings is None or settings.report_folder is None:
        return told
    evidence = gathered.evidence(
        item.nodeid, outcome.value, recorder.checks, recorder.failures, whole=outcome in _IN_FULL
    )
    try:
        told["evidence"] = write_evidence(settings.report_folder, evidence)
    except OSError as error:
        told[TROUBLE] = f"{error.strerror or error}: {settings.csi_report}"
    return told


def _outcome(settled: list[Outcome], reports: Iterable[pytest.TestReport]) -> Outcome:
    """Of a test: the worst of its clauses; of one about no clause, what pytest makes of it."""
    if settled:
        return worst(settled)
    ends = {(report.when, report.outcome) for report in reports}
    if ("call", "failed") in ends:
        return Outcome.FAILED
    if any(outcome == "failed" for _, outcome in ends):
        return Outcome.ERRORED
    return Outcome.SKIPPED if any(outcome == "skipped" for _, outcome in ends) else Outcome.PASSED
