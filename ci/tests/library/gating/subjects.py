"""Runs to judge, in a line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pytest_csi_snapshot.gating import Said, Subject
from pytest_csi_snapshot.gating.waivers import Waiver
from pytest_csi_snapshot.outcomes import Outcome

TODAY = date(2026, 3, 1)
LEVELS = {"DEL-001": "MUST", "DEL-002": "MUST", "EXP-023": "SHOULD", "SNAP-DYN-013": "MAY"}


def said(clause: str, outcome: str, *, test: str = "a.py::test_it[x]", excuse: str = "") -> Said:
    return Said(clause, test, Outcome(outcome), "because" if outcome not in ("passed", "failed") else "", excuse)


def run(*words: Said, **more: Any) -> Subject:
    return Subject(LEVELS, words, **more)


def outcomes(**by_clause: str) -> Subject:
    """``outcomes(DEL_001="failed")``."""
    return run(*(said(clause.replace("_", "-"), outcome) for clause, outcome in by_clause.items()))


def waiver(clause: str = "DEL-001", *, expires: date = TODAY, **more: Any) -> Waiver:
    return Waiver(clause, "known bug 12", "ann@example.com", expires, **more)


def states(uses: Sequence[Any]) -> list[str]:
    return [use.state for use in uses]
