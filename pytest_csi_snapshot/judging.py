"""The phases of a test, judged while they end, in the process that runs the test.

What is found goes into the report as plain data and so travels from an xdist worker to the controller. The order
of this file is that of a test: call, teardown, report.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, astuple, replace
from typing import Any, cast

import pytest

from pytest_csi_snapshot.capabilities import NAMES
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.companions import has_companion, wish_of
from pytest_csi_snapshot.deviations import known_deviation
from pytest_csi_snapshot.evidence.keeper import note_phase, told_of
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.gates import gates
from pytest_csi_snapshot.outcomes import SEVERITY, ClauseResult, Ending, Failure, Outcome, excused, judge, worst
from pytest_csi_snapshot.recorder import ClauseViolation, Denied, OutOfBounds, Recorder, TimedOut
from pytest_csi_snapshot.report.plain import to_plain
from pytest_csi_snapshot.reporting.words import blamed_on, failure_title, rerun_command
from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import SETTINGS
from pytest_csi_snapshot.turns import is_exclusive

CLAUSES = pytest.StashKey[tuple[str, ...]]()
RECORDER = pytest.StashKey[Recorder]()
_REPORTED = pytest.StashKey[int]()
_SETTLED = pytest.StashKey[dict[str, ClauseResult]]()
_GATES = pytest.StashKey[Mapping[str, str]]()

PAYLOAD = "csi_payload"
"""Attribute of a report with a JSON text: no property of it, for JUnit would show those of a teardown."""

WAITING = "pytest_csi_snapshot.waiting"


class Judging:
    """Hooks around the phases of tests that carry clauses or record checks."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin no test of a clause that this cluster is too old for or lacks, or that the profile excludes."""
        if closed := _closed(item):
            pytest.skip("; ".join(f"{clause} {reason}" for clause, reason in closed.items()))
        if denied := _denied(item):
            raise Denied(denied)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Do not look again at what the look at the cluster has found broken: that would only take longer."""
        cluster, recorder = cluster_of(pyfuncitem.config), pyfuncitem.stash.get(RECORDER, None)
        if cluster is None or recorder is None or not cluster.broken:
            return
        for clause in pyfuncitem.stash.get(CLAUSES, ()):
            if clause in cluster.broken:
                observed, hint = cluster.broken[clause]
                recorder.check(
                    clause, expected="as the requirement says", observed=observed, holds=False, hint=hint
                )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """After the body: audits, then violations that only they found."""
        recorder = item.stash.get(RECORDER, None)
        if recorder is None:
            return (yield)
        try:
            result = yield
        except pytest.skip.Exception:  # what could not be told does not excuse what was seen
            recorder.finish()
            _raise_new(item, recorder)
            raise
        except Exception as error:
            _finish_beside(recorder, error)
            if (timeout := timeout_of(error)) is None:
                raise
            raise recorder.violation(recorder.timed_out(timeout)) from error
        recorder.finish()
        _raise_new(item, recorder)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """After the teardown: violations found while cleaning up."""
        result = yield
        recorder = item.stash.get(RECORDER, None)
        if recorder:
            _raise_new(item, recorder)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the results of the phase into its report."""
        report = yield
        note_phase(item, report)
        carried, recorder = item.stash.get(CLAUSES, ()), item.stash.get(RECORDER, None)
        if not carried and recorder is None:
            return report
        ending = ending_of(call, recorder, item.stash.get(_REPORTED, 0))
        if closed := _closed(item):  # of its other clauses, the test that was not begun says nothing
            ending = Ending(call.when, Outcome.PASSED, doubts=closed if call.when == "setup" else {})
        item.stash[_REPORTED] = len(recorder.failures) if recorder else 0
        told = ending.outcome is Outcome.FAILED and report.outcome == "failed"
        if told and call.excinfo is not None:
            story = call.excinfo.getrepr(style="value", chain=False)
            if story.reprcrash is not None:  # what the short summary and JUnit take as the message
                story.reprcrash.message = failure_title(ending.failures[0])
            report.longrepr = story
        results = _results(item, ending, carried, recorder)
        if report.when == "call" and report.outcome == "passed" and (untold := _all_unknown(results)):
            report.outcome, report.longrepr = "skipped", (str(item.path), item.location[1] or 0, untold)
        if told and (known := _only_known(results)):
            report.outcome, report.wasxfail = "skipped", f"known deviation: {known}"
        _attach(item, report, carried, results, recorder, told=told)
        if report.when == "teardown" and recorder is not None:
            del item.stash[RECORDER]  # items last as long as the session, and each has seen some MB of objects
        return report


def start_recorder(item: pytest.Item) -> Recorder:
    """Make the recorder of a test and let the hooks find it."""
    cluster, settings = cluster_of(item.config), item.config.stash.get(SETTINGS, None)
    item.stash[RECORDER] = recorder = Recorder(
        item.nodeid,
        versions=cluster.versions if cluster else "",
        rerun=rerun_command(settings, item.nodeid) if settings else "",
        gates=gates_of(item.config),
        profile=settings.profile if settings else None,
        began=TAPE.began if TAPE.running else None,
    )
    item.stash[_REPORTED] = 0  # a test that is run again begins anew
    return recorder


def gates_of(config: pytest.Config) -> Mapping[str, str]:
    """The clauses that the cluster of this run is too old for, with the reason."""
    if _GATES not in config.stash:
        cluster = cluster_of(config)
        config.stash[_GATES] = gates(catalogue().clauses, cluster.components) if cluster else {}
    return config.stash[_GATES]


def _closed(item: pytest.Item) -> dict[str, str]:
    """The clauses among those of a test that this cluster is too old for, or lacks something for."""
    cluster = cluster_of(item.config)
    closed = {**(cluster.hindered if cluster else {}), **gates_of(item.config)}
    return {clause: closed[clause] for clause in item.stash.get(CLAUSES, ()) if clause in closed}


def _denied(item: pytest.Item) -> str:
    """Why the profile keeps a test from being begun; "" where it does not. No profile is about companions."""
    settings, cluster = item.config.stash.get(SETTINGS, None), cluster_of(item.config)
    wish = wish_of(item)
    if settings is None or cluster is None or (wish and has_companion(cluster, wish.name)):
        return ""
    for clause in item.stash.get(CLAUSES, ()):
        for need in catalogue().by_id[clause].needs:
            if settings.profile.declares(need) is False:
                return f"the profile says of {NAMES[need]}: false"
    return ""


def ending_of(call: pytest.CallInfo[None], recorder: Recorder | None, reported: int) -> Ending:
    """How a phase ended; ``reported`` failures of the recorder belong to earlier phases."""
    error = call.excinfo.value if call.excinfo else None
    failures: list[Failure] = recorder.failures[reported:] if recorder else []
    doubts = recorder.doubts if recorder else {}
    if isinstance(error, ClauseViolation) and error.failure not in failures:
        failures = [*failures, error.failure]
    if error is None:
        return Ending(call.when, Outcome.PASSED, doubts=doubts)
    if isinstance(error, ClauseViolation):
        return Ending(call.when, Outcome.FAILED, failures=failures, doubts=doubts)
    if isinstance(error, OutOfBounds):
        return Ending(call.when, error.outcome, str(error.msg), failures, doubts)
    if isinstance(error, pytest.skip.Exception):
        ended = recorder.ending if recorder else None
        outcome, reason = (ended.outcome, ended.reason) if ended else (Outcome.SKIPPED, str(error.msg))
        return Ending(call.when, outcome, reason, failures, doubts)
    return Ending(call.when, Outcome.ERRORED, f"{call.when}: {_first_line(error)}", failures, doubts)


def _results(
    item: pytest.Item, ending: Ending, carried: Sequence[str], recorder: Recorder | None
) -> list[ClauseResult]:
    kept = [check.clause for check in recorder.checks if check.holds] if recorder else []
    cluster = cluster_of(item.config)
    components = cluster.components if cluster else {}
    return excused(
        judge(ending, carried, kept),
        gates_of(item.config),
        lambda each: known_deviation(each.clause, item.nodeid, each.seen, components) if components else "",
    )


def _only_known(results: Sequence[ClauseResult]) -> str:
    """The deviation that made a phase fail; "" where something else did too."""
    known = [result.excuse for result in results if result.outcome is Outcome.FAILED]
    return known[0] if known and all(known) else ""


def _attach(
    item: pytest.Item,
    report: pytest.TestReport,
    carried: Sequence[str],
    results: Sequence[ClauseResult],
    recorder: Recorder | None,
    *,
    told: bool,
) -> None:
    seen_on = recorder.seen_on if recorder else ""
    results = [replace(result, seen_on=seen_on) for result in results]
    settled = item.stash.setdefault(_SETTLED, {})
    for result in results:
        known = settled.get(result.clause)
        if known is None or SEVERITY[result.outcome] >= SEVERITY[known.outcome]:
            settled[result.clause] = result
    plain = [result.as_plain() for result in results]
    body: dict[str, Any] = {"carried": list(carried), "results": plain, "told": told}
    if report.when == "call" and recorder:
        body["checks"] = [asdict(check) for check in recorder.checks]
        body["loads"] = to_plain(recorder.loads)
    if report.when == "teardown":
        body |= told_of(item, recorder, [each.outcome for each in settled.values()])
        body["alone"] = is_exclusive(item)
    setattr(report, PAYLOAD, json.dumps(body, ensure_ascii=False))
    if report.when == "teardown":  # the phase whose properties JUnit writes
        for result in settled.values():
            report.user_properties += _properties(result, cluster_of(item.config))
        if settled:
            report.user_properties.append(("csi_result", worst(each.outcome for each in settled.values()).value))
        report.user_properties += [("csi_seen_on", seen_on)] if settled and seen_on else []
        report.user_properties += [("csi_price", row) for row in _prices(item, recorder)]


def _properties(result: ClauseResult, cluster: Cluster | None) -> list[tuple[str, object]]:
    """What JUnit says about one clause of a test; values begin with the clause, as a test may have several."""
    clause = catalogue().by_id[result.clause]
    told = [("csi_clause", clause.id), ("csi_level", f"{clause.id} {clause.level}"),
            ("csi_outcome", f"{clause.id} {result.outcome.value}")]  # fmt: skip
    if result.failure:
        blamed = blamed_on(clause, result.failure.blame, cluster.versions if cluster else "")
        told.append(("csi_blamed", f"{clause.id} {blamed}"))
    return list(told)


def _all_unknown(results: Sequence[ClauseResult]) -> str:
    """Why nothing is known of any clause of a test that ended well, which is no pass; "" where something is."""
    if not results or any(each.outcome is not Outcome.UNKNOWN for each in results):
        return ""
    reasons = dict.fromkeys(each.reason for each in results)
    return f"unknown: {'; '.join(reasons)} ({', '.join(each.clause for each in results)})"


def _prices(item: pytest.Item, recorder: Recorder | None) -> list[str]:
    """What the test made, and what was made for its file and is gone now: rows of JSON, as in ``prices.json``."""
    rows: list[object] = [["tests", item.nodeid, *astuple(recorder.price)]] if recorder else []
    counting = sys.modules.get("pytest_csi_snapshot.counting")
    while counting and counting.SHARED:
        rows.append(["shared", item.nodeid.partition("::")[0], *astuple(counting.SHARED.pop())])
    return [json.dumps(row) for row in rows]


def _raise_new(item: pytest.Item, recorder: Recorder) -> None:
    reported = item.stash.get(_REPORTED, 0)
    if len(recorder.failures) > reported:
        raise recorder.violation(recorder.failures[reported])


def _finish_beside(recorder: Recorder, error: Exception) -> None:
    """Run the audits of a body that failed; what goes wrong in them must not hide the first error."""
    try:
        recorder.finish()
    except Exception as second:
        error.add_note(f"and the audit after it failed: {_first_line(second)}")


def timeout_of(error: BaseException) -> TimedOut | None:
    """The error if it is a wait for what a clause promises; the module is not imported for the question."""
    kind = getattr(sys.modules.get(WAITING), "WaitTimeout", None)
    if kind is None or not isinstance(error, kind) or not getattr(error, "clause", ""):
        return None
    return cast(TimedOut, error)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
