"""What an earlier report sends again: the tests of the clauses that failed in it or that it could not judge."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import pytest

from pytest_csi_snapshot.report.model import Report, ReportedClause, ReportedTest

_HANDED = "csi_rerun"

_DECLINED = ("skipped", "xfailed")
"""pytest's words for a test that said by itself that it cannot judge: it would say so again."""


@dataclass(frozen=True)
class Rerun:
    """Clauses, and tests besides: those that did not run, and those that found a clause broken which they do not
    carry. ``driver`` is the one that the report is about."""

    clauses: frozenset[str]
    tests: frozenset[str]
    driver: str = ""

    def wants(self, nodeid: str, carried: Collection[str]) -> bool:
        """Whether a test is run again."""
        return nodeid in self.tests or not self.clauses.isdisjoint(carried)

    def __bool__(self) -> bool:
        return bool(self.clauses or self.tests)

    def as_plain(self) -> dict[str, list[str]]:
        """The same as plain data, for ``workerinput``."""
        return {"clauses": sorted(self.clauses), "tests": sorted(self.tests)}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``as_plain``."""
        return cls(frozenset(data["clauses"]), frozenset(data["tests"]))


def rerun_of(report: Report) -> Rerun:
    """What a report sends again."""
    tests = {test.id: test for test in report.tests}
    clauses = [clause for clause in report.clauses if _is_open(clause, tests)]
    of_them = [nodeid for clause in clauses for nodeid in clause.tests]
    not_run = [test.id for test in report.tests if test.outcome == "not run"]
    return Rerun(
        frozenset(clause.id for clause in clauses), frozenset((*of_them, *not_run)), report.implementation.driver
    )


def _is_open(clause: ReportedClause, tests: Mapping[str, ReportedTest]) -> bool:
    """Whether it failed or could not be judged for trouble; what is excused would be again."""
    if clause.excuse:
        return False
    if clause.outcome in ("failed", "errored"):
        return True
    return clause.outcome == "unknown" and any(_in_trouble(clause.id, tests[each]) for each in clause.tests)


def _in_trouble(clause: str, test: ReportedTest) -> bool:
    """Whether a test could not tell of a clause because something went wrong."""
    said = any(each.clause == clause and each.outcome == "unknown" for each in test.results)
    return said and test.pytest not in _DECLINED


def handed(config: pytest.Config) -> Rerun | None:
    """What the process that the user started has found, in an xdist worker; None elsewhere."""
    data = getattr(config, "workerinput", {}).get(_HANDED)
    return Rerun.from_plain(data) if data else None


class Hand:
    """Hands it to the workers: when they start, the report may have been replaced by that of this run."""

    def __init__(self, rerun: Rerun) -> None:
        self._rerun = rerun

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Also to the replacement of a worker that crashed."""
        node.workerinput[_HANDED] = self._rerun.as_plain()

    def pytest_report_header(self) -> Iterator[str]:
        """How much it is."""
        yield f"csi-snapshot: running again: {', '.join(sorted(self._rerun.clauses)) or 'what did not run'}"
