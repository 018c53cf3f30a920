"""What stands in ``report.json``: values alone, complete enough to judge a run again without its cluster.

``None`` never appears: what is not known is "" or empty. Lists have an order that does not depend on the order in
which tests ended, so that two runs which saw the same are the same as text. Source of the form: docs/report.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pytest_csi_snapshot.report.loads import Load

FORMAT = "pytest-csi-snapshot/report"
VERSION = 1

OutcomeWord = Literal["passed", "failed", "errored", "skipped", "not supported", "unknown", "not run"]
OUTCOMES: tuple[OutcomeWord, ...] = (
    "passed",
    "failed",
    "errored",
    "unknown",
    "skipped",
    "not supported",
    "not run",
)
"""In the order of a table."""


@dataclass(frozen=True)
class Seconds:
    """How wall time divides by who was waited for; the parts add up to the total where they are known."""

    total: float = 0.0
    driver: float = 0.0
    controller: float = 0.0
    kubelet: float = 0.0
    cluster: float = 0.0
    harness: float = 0.0


@dataclass(frozen=True)
class RunTime:
    """How a run went in time; zero where no test ran. Of merged reports only the sum is known."""

    seconds: Annotated[Seconds, "Sum over all tests"] = Seconds()
    makespan: Annotated[float, "From the beginning of the first test to the end of the last"] = 0.0
    longest: Annotated[str, "The test that took longest"] = ""
    least: Annotated[
        float,
        "What the cluster set as the least makespan of so many workers: the time in which tests waited for it",
    ] = 0.0
    critical: Annotated[tuple[str, ...], "The tests that determined the end, one after the other"] = ()
    on_path: Annotated[Seconds, "Sum over these; what the makespan has besides is between tests"] = Seconds()


@dataclass(frozen=True)
class Tool:
    """What ran."""

    name: str
    version: str
    python: str
    pytest: str


@dataclass(frozen=True)
class Setting:
    """One setting that had a value."""

    name: Annotated[str, "As an ini key: csi_driver"]
    value: str
    source: Annotated[str, "option, env, ini, profile or default"]


@dataclass(frozen=True)
class Run:
    """The run itself."""

    id: Annotated[str, "As in the labels of what it made in a cluster"]
    began: Annotated[str, "ISO 8601, with milliseconds"]
    ended: Annotated[str, 'ISO 8601; "" where it has not ended']
    seconds: float
    command: str
    workers: Annotated[int, "Processes that ran tests"]
    tool: Tool
    settings: tuple[Setting, ...] = ()
    partial: Annotated[tuple[str, ...], "Why it is only a part of everything; empty: it is not"] = ()
    selected: Annotated[tuple[str, ...], "Which of these reasons are what was asked for"] = ()
    shard: Annotated[str, '"2/4": the second of four; "": not divided'] = ""


@dataclass(frozen=True)
class Implementation:
    """The driver under test."""

    driver: str
    version: str = ""
    reference: Annotated[bool, "The bundled one"] = False


@dataclass(frozen=True)
class Component:
    """A part of the cluster that clauses can be the fault of."""

    name: str
    owner: Annotated[str, "As in the catalogue: SC, SS, EP, ER, EA, DRV, CORE, CRD"]
    version: str


@dataclass(frozen=True)
class ReportedCluster:
    """Where it ran."""

    provider: Annotated[str, "existing, embedded, kind, or that of a socket alone"]
    identity: Annotated[
        str, 'The uid of the namespace kube-system, the same for one cluster always; "": unknown'
    ] = ""
    kubernetes: str = ""
    components: tuple[Component, ...] = ()
    versions: Annotated[str, "The line of versions that the terminal shows"] = ""


@dataclass(frozen=True)
class ReportedProfile:
    """What the driver was declared to offer, and what was seen."""

    origin: Annotated[str, 'The file; "": nothing was declared'] = ""
    declared: Mapping[str, bool] = field(default_factory=dict, hash=False)
    observed: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportedVerdict:
    """What the run came to."""

    result: Literal["conformant", "partial", "not conformant", "nothing judged"]
    sentence: str
    exit_code: int
    gate: Annotated[str, "What decided the exit code: must, should or baseline"] = "must"
    reasons: Annotated[tuple[str, ...], "Why the exit code is what it is"] = ()
    counts: Annotated[Mapping[str, Mapping[str, int]], "Level -> outcome -> number of clauses"] = field(
        default_factory=dict, hash=False
    )


@dataclass(frozen=True)
class Waiver:
    """A clause that somebody has answered for until a date."""

    clause: str
    state: Literal["active", "expired", "unused"]
    reason: str = ""
    owner: str = ""
    link: str = ""
    expires: str = ""
    told: Annotated[str, "What became of it, in a sentence"] = ""


@dataclass(frozen=True)
class Blamed:
    """Whose fault a failure is."""

    component: str
    version: str = ""


@dataclass(frozen=True)
class ReportedFailure:
    """One test in which a clause was not kept."""

    test: str
    expected: str
    observed: str
    at: Annotated[float, "Seconds since the test's setup began"] = 0.0
    wall: Annotated[str, "ISO 8601"] = ""
    about: Annotated[str, "The object"] = ""
    hint: str = ""
    timeline: tuple[str, ...] = ()
    evidence: Annotated[str, 'Path below the report\'s folder; "": none'] = ""
    rerun: Annotated[str, "The command that runs this test again"] = ""
    blamed: tuple[Blamed, ...] = ()
    seen_on: Annotated[str, 'The companion that showed it; "": the driver itself'] = ""
    excuse: Annotated[str, "The known deviation that it is"] = ""


@dataclass(frozen=True, kw_only=True)
class ReportedClause:
    """A clause of the catalogue that this run could have judged, and what became of it."""

    id: str
    area: str
    level: Annotated[str, "MUST, SHOULD or MAY"]
    basis: str
    owners: tuple[str, ...]
    sentence: str
    source: str
    needs: tuple[str, ...] = ()
    outcome: OutcomeWord
    reason: Annotated[str, "Why it is not passed; of a failure, what was observed"] = ""
    excuse: Annotated[str, "Why it counts against nobody: a component too old, or a known deviation of one"] = ""
    waiver: Annotated[str, "The reason of the waiver that it has"] = ""
    seen_on: Annotated[str, 'The companion that showed it; "": the driver itself'] = ""
    blamed: tuple[Blamed, ...] = ()
    seconds: Annotated[Seconds, "Sum over its tests"] = Seconds()
    tests: tuple[str, ...] = ()
    failures: tuple[ReportedFailure, ...] = ()


@dataclass(frozen=True)
class ReportedCheck:
    """One look at one clause."""

    clause: str
    expected: str
    observed: str
    holds: bool
    at: float
    about: str = ""


@dataclass(frozen=True)
class ReportedResult:
    """What one test says about one clause."""

    clause: str
    outcome: OutcomeWord
    reason: str = ""
    excuse: str = ""
    seen_on: str = ""


@dataclass(frozen=True)
class Phases:
    """Seconds of pytest's three phases."""

    setup: float = 0.0
    call: float = 0.0
    teardown: float = 0.0


@dataclass(frozen=True)
class ReportedTest:
    """One test."""

    id: str
    outcome: OutcomeWord
    reason: str = ""
    clauses: tuple[str, ...] = ()
    began: Annotated[float, "Seconds since the run began"] = 0.0
    phases: Phases = Phases()
    seconds: Seconds = Seconds()
    worker: Annotated[str, '"": the process that the user started'] = ""
    pytest: Annotated[str, 'pytest\'s own word: passed, failed, error, skipped, xfailed; "": it did not end'] = ""
    seen_on: str = ""
    results: tuple[ReportedResult, ...] = ()
    checks: tuple[ReportedCheck, ...] = ()
    evidence: Annotated[str, 'Path below the report\'s folder; "": none'] = ""
    alone: Annotated[bool, "No other test ran beside it"] = False
    loads: Annotated[tuple[Load, ...], "What a stress test measured"] = ()
    evidence_lost: Annotated[str, 'Why its evidence could not be written; "": it was, or there was none'] = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The document."""

    run: Run
    implementation: Implementation
    cluster: ReportedCluster
    profile: ReportedProfile = ReportedProfile()
    verdict: ReportedVerdict
    missing: Annotated[tuple[str, ...], "What was lost or is not in here, a sentence each"] = ()
    notes: Annotated[tuple[str, ...], "What a reader should know besides, a sentence each"] = ()
    waivers: tuple[Waiver, ...] = ()
    time: RunTime = RunTime()
    clauses: Annotated[tuple[ReportedClause, ...], "In the order of the catalogue"] = ()
    tests: Annotated[tuple[ReportedTest, ...], "Sorted by id"] = ()
