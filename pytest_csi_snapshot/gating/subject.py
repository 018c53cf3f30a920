"""What is judged: all that was said about clauses, and how the run ended. Of a run, or of its report.

Values alone; a report is known by the fields that are read of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.reporting.words import version_of
from pytest_csi_snapshot.requirements import OWNERS, Clause
from pytest_csi_snapshot.verdict import TestResult

INTERRUPTED = 2
"""Exit code of a run that somebody stopped; in a report it tells that this happened."""


@dataclass(frozen=True)
class Said:
    """What one test said about one clause; ``excuse`` is why it counts against nobody, "" where it does."""

    clause: str
    test: str
    outcome: Outcome
    reason: str = ""
    excuse: str = ""

    @property
    def function(self) -> str:
        """The test function, without its file and its parameters."""
        return self.test.rpartition("::")[2].partition("[")[0]


@dataclass(frozen=True)
class Subject:
    """A run, as far as its exit code depends on it.

    ``levels`` has the level of every clause in scope, in the order of the catalogue. ``versions`` are those of
    the cluster's components, by owner. ``partial`` says why it is not the whole. ``trouble`` is what went wrong
    without naming a clause, ``other_failures`` are failed tests that are about no clause. ``interrupted`` and
    ``broken`` tell what ended the run before its end, in words; ``foreign`` is the exit code, where whoever
    interrupted it has given one. ``strange`` is a failure that pytest reports and that is no test's.
    """

    levels: Mapping[str, str]
    said: Sequence[Said] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    partial: Sequence[str] = ()
    trouble: Sequence[str] = ()
    other_failures: Sequence[str] = ()
    interrupted: str = ""
    broken: str = ""
    foreign: int = 0
    strange: str = ""

    def level(self, clause: str) -> str:
        """The level of a clause; one that the report does not know is taken seriously."""
        return self.levels.get(clause, "MUST")

    @property
    def clauses(self) -> Sequence[str]:
        """The clauses that were spoken about, in the order of the catalogue."""
        spoken = {each.clause for each in self.said}
        return [*(clause for clause in self.levels if clause in spoken), *sorted(spoken - self.levels.keys())]


def levels_of(clauses: Iterable[Clause]) -> dict[str, str]:
    """Clause -> level."""
    return {clause.id: clause.level for clause in clauses}


def said_in(results: Iterable[TestResult]) -> tuple[Said, ...]:
    """The results of a run."""
    return tuple(
        Said(each.result.clause, each.nodeid, each.result.outcome, each.result.reason, each.result.excuse)
        for each in results
    )


def errored(nodeid: str) -> str:
    """The line about a test or a file that errored and names no clause."""
    return f"{nodeid}: errored"


def crashed(worker: str) -> str:
    """How a line about a worker that crashed begins, whoever tells how or where."""
    return f"worker {worker} crashed"


def versions_of(components: Mapping[str, str], line: str) -> dict[str, str]:
    """Owner -> version: as the cluster says it, else as its line of versions does."""
    named = {owner: version_of(component, line) for owner, component in OWNERS.items()}
    return {owner: version for owner, version in {**named, **components}.items() if version}


class ResultInReport(Protocol):
    @property
    def clause(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def excuse(self) -> str: ...


class TestInReport(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def clauses(self) -> Sequence[str]: ...
    @property
    def results(self) -> Sequence[ResultInReport]: ...


class ClauseInReport(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def excuse(self) -> str: ...


class ComponentInReport(Protocol):
    @property
    def owner(self) -> str: ...
    @property
    def version(self) -> str: ...


class ClusterInReport(Protocol):
    @property
    def components(self) -> Sequence[ComponentInReport]: ...


class VerdictInReport(Protocol):
    @property
    def exit_code(self) -> int: ...


class RunInReport(Protocol):
    @property
    def partial(self) -> Sequence[str]: ...


class ReportLike(Protocol):
    """What is read of a report."""

    @property
    def clauses(self) -> Sequence[ClauseInReport]: ...
    @property
    def tests(self) -> Sequence[TestInReport]: ...
    @property
    def cluster(self) -> ClusterInReport: ...
    @property
    def run(self) -> RunInReport: ...
    @property
    def verdict(self) -> VerdictInReport: ...
    @property
    def missing(self) -> Sequence[str]: ...


def of_report(report: ReportLike) -> Subject:
    """The run that a report tells of. What the report misses is trouble: it might have been a failure."""
    said = [
        Said(each.clause, test.id, Outcome(each.outcome), each.reason, each.excuse)
        for test in report.tests
        for each in test.results
        if each.outcome in set(Outcome)
    ]
    told = {(each.clause, each.outcome) for each in said}
    said += [  # a clause whose test has left nothing, as that of a worker that crashed
        Said(clause.id, "", Outcome(clause.outcome), clause.reason, clause.excuse)
        for clause in report.clauses
        if clause.outcome in set(Outcome) and (clause.id, clause.outcome) not in told
    ]
    own = [test for test in report.tests if not test.clauses and not test.results]
    return Subject(
        {clause.id: clause.level for clause in report.clauses},
        said,
        {each.owner: each.version for each in report.cluster.components if each.version},
        report.run.partial,
        list(dict.fromkeys((*report.missing, *(errored(test.id) for test in own if test.outcome == "errored")))),
        [f"{test.id}: failed" for test in own if test.outcome == "failed"],
        interrupted="the run that it tells of was interrupted" if report.verdict.exit_code == INTERRUPTED else "",
    )
