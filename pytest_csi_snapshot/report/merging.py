"""Reports of the shards of one run, and of what was run again, put together as if it had been one. Pure.

Of a test that several reports have, the later one counts. What makes reports not belong together is refused; what
is missing, or was said twice and otherwise, is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.report.building import counts_of, sum_of, with_tests
from pytest_csi_snapshot.report.concluding import NOT_ENDED
from pytest_csi_snapshot.report.model import Report, ReportedClause, ReportedTest, Run, RunTime
from pytest_csi_snapshot.reporting.words import counted
from pytest_csi_snapshot.settings import OWN_CLUSTERS

MAY_DIFFER = frozenset(
    {
        "csi_shard",
        "csi_report",
        "csi_rerun",
        "csi_kubeconfig",
        "csi_context",
        "csi_assets",
        "csi_keep",
        "csi_reuse",
    }
)
"""Settings that say which part is run, or where things lie on a machine; the others decide what is judged."""

_OF_A_PART = ("--csi-shard", "--csi-rerun")
"""How the reasons begin for which a report is a part, and which the whole does not have."""

Named = tuple[str, Report]
Chosen = Mapping[str, tuple[Report, ReportedTest]]
"""Test -> what counts of it, and the report that it is from."""


def merged(reports: Sequence[Named], command: str) -> tuple[Report, dict[str, str]]:
    """The whole, without a verdict yet, and for each test the name of the report that it is from.

    ``reports`` are (name, report). Raises UsageTrouble, one line, where they do not belong together.
    """
    ordered = sorted(reports, key=lambda each: each[1].run.began)
    for further in ordered[1:]:
        _require_alike(ordered[0], further)
    chosen, notes = _choose(ordered)
    tests = tuple(chosen[nodeid][1] for nodeid in sorted(chosen))
    selected, absent = _selected(ordered), _absent_shards(ordered)
    lost = [note for _, report in ordered for note in report.missing if not _made_good(note, report, chosen)]
    waiting = sum(test.outcome == "not run" for test in tests)
    left = [f"{waiting} of {counted(len(tests), 'test')} did not run"] if waiting else []
    failures = {
        (clause.id, failure.test): failure
        for _, report in ordered
        for clause in report.clauses
        for failure in clause.failures
        if failure.test in chosen and chosen[failure.test][0] is report
    }
    first = ordered[0][1]
    clauses = with_tests([_emptied(clause) for clause in first.clauses], tests, failures)
    whole = replace(
        first,
        run=_run([report for _, report in ordered], command, (*selected, *absent, *left, *lost), selected),
        missing=tuple(dict.fromkeys((*absent, *lost))),
        notes=tuple(dict.fromkeys((*(note for _, report in ordered for note in report.notes), *notes))),
        waivers=(),
        time=RunTime(sum_of(test.seconds for test in tests)),
        clauses=clauses,
        tests=tests,
        verdict=replace(first.verdict, exit_code=0, reasons=(), counts=counts_of(clauses)),
    )
    names = {id(report): name for name, report in ordered}
    return whole, {nodeid: names[id(report)] for nodeid, (report, _) in chosen.items()}


def _require_alike(first: Named, other: Named) -> None:
    """Raise UsageTrouble for the first thing in which the two differ and may not."""
    for (what, here), (_, there) in zip(_marks(first[1]), _marks(other[1]), strict=True):
        if here != there:
            raise UsageTrouble(
                f"{first[0]} and {other[0]} do not belong together",
                why=f"{what}: {here or 'unknown'} and {there or 'unknown'}",
            )


def _marks(report: Report) -> Iterator[tuple[str, str]]:
    """What is the same in all reports of one run."""
    yield "driver", report.implementation.driver
    yield "version of the driver", report.implementation.version
    yield "version of pytest-csi-snapshot", report.run.tool.version
    yield "provider of the cluster", report.cluster.provider
    # Each run makes clusters of its own anew: alike is what they are made of.
    yield "cluster", "" if report.cluster.provider in OWN_CLUSTERS else report.cluster.identity
    yield "Kubernetes", report.cluster.kubernetes
    yield "components", ", ".join(f"{each.name} {each.version}" for each in report.cluster.components)
    yield "number of shards", report.run.shard.partition("/")[2]
    kept = (each for each in report.run.settings if each.name not in MAY_DIFFER)
    yield "settings", ", ".join(f"{each.name}={each.value}" for each in kept)
    yield "clauses", f"{len(report.clauses)}"


def _choose(ordered: Sequence[Named]) -> tuple[dict[str, tuple[Report, ReportedTest]], list[str]]:
    """What counts of each test: the last that ran it. With a note for each that said something else before."""
    began = _moment(ordered[0][1])
    chosen: dict[str, tuple[Report, ReportedTest]] = {}
    sources: dict[str, str] = {}
    notes = []
    for name, report in ordered:
        offset = (_moment(report) - began).total_seconds()
        for test in report.tests:
            moved = replace(test, began=round(test.began + offset, 3) if test.began else 0.0)
            before = chosen.get(test.id)
            if before and test.outcome == "not run":
                continue
            if before and before[1].outcome not in ("not run", test.outcome):
                was = f"{before[1].outcome} in {sources[test.id]}"
                notes.append(f"{test.id}: {was}, {test.outcome} in {name}, which is later")
            chosen[test.id], sources[test.id] = (report, moved), name
    return chosen, notes


def _selected(ordered: Sequence[Named]) -> tuple[str, ...]:
    """What was asked for in the first report of each shard: what is run again takes nothing from that."""
    firsts: dict[str, Report] = {}
    for _, report in sorted(ordered, key=lambda each: _is_rerun(each[1])):
        firsts.setdefault(report.run.shard, report)
    reasons = [reason for report in firsts.values() for reason in report.run.selected]
    again = [report for report in firsts.values() if _is_rerun(report)]
    kept = _OF_A_PART[:1] if again else _OF_A_PART
    return tuple(dict.fromkeys(reason for reason in reasons if not reason.startswith(kept)))


def _is_rerun(report: Report) -> bool:
    return any(each.name == "csi_rerun" for each in report.run.settings)


def _absent_shards(ordered: Sequence[Named]) -> list[str]:
    """A sentence for each shard that no report is of."""
    shards = {report.run.shard for _, report in ordered} - {""}
    total = max((int(found[1]) for shard in shards if (found := re.fullmatch(r"\d+/(\d+)", shard))), default=0)
    wanted = [f"{number}/{total}" for number in range(1, total + 1)]
    return [f"shard {shard} is missing" for shard in wanted if shard not in shards]


def _made_good(note: str, report: Report, chosen: Chosen) -> bool:
    """Whether a later report has what one misses."""
    if note == NOT_ENDED:
        return bool(report.tests) and all(chosen[test.id][1].outcome != "not run" for test in report.tests)
    return any(f" in {test.id};" in note and chosen[test.id][0] is not report for test in report.tests)


def _run(reports: Sequence[Report], command: str, partial: Sequence[str], selected: tuple[str, ...]) -> Run:
    first, last = reports[0].run, max(reports, key=lambda each: each.run.ended or each.run.began).run
    return replace(
        first,
        id="+".join(dict.fromkeys(report.run.id for report in reports)),
        ended=last.ended or last.began,
        seconds=round(sum(report.run.seconds for report in reports), 3),
        command=command,
        workers=max(report.run.workers for report in reports),
        settings=tuple(each for each in first.settings if each.name not in ("csi_shard", "csi_rerun")),
        partial=tuple(dict.fromkeys(partial)),
        selected=selected,
        shard="",
    )


def _emptied(clause: ReportedClause) -> ReportedClause:
    """A clause without what tests have said of it."""
    unseen = clause.reason if clause.outcome == "not run" else ""
    return replace(clause, outcome="not run", reason=unseen, excuse="", waiver="", seen_on="")


def _moment(report: Report) -> datetime:
    try:
        return datetime.fromisoformat(report.run.began)
    except ValueError as error:
        raise UsageTrouble(f"the report of run {report.run.id} does not say when it began: {error}") from error
