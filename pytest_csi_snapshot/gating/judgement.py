"""The judgement: which of the outcomes count, what is waived, and the exit code that follows. Pure.

It never changes the result: what a driver is (conformant, partial, not conformant) is said by ``verdict``. This
says what a pipeline does about it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pytest_csi_snapshot.gating.baseline import Baseline, Comparison, compare
from pytest_csi_snapshot.gating.precedence import Fact, settle
from pytest_csi_snapshot.gating.subject import ReportLike, Said, Subject, of_report
from pytest_csi_snapshot.gating.waivers import Use, Waiver, uses, waiver_for
from pytest_csi_snapshot.outcomes import ENDED, Outcome, worst
from pytest_csi_snapshot.reporting.words import counted, enumerated

REASON = 200
"""Characters of a reason; the whole stands with the test."""

_JUDGED = (Outcome.PASSED, Outcome.FAILED)
_OPEN = (Outcome.ERRORED, Outcome.UNKNOWN)


class Gate(StrEnum):
    """What decides the exit code."""

    MUST = "must"
    SHOULD = "should"
    BASELINE = "baseline"


LEVELS: Mapping[Gate, tuple[str, ...]] = {
    Gate.MUST: ("MUST",),
    Gate.SHOULD: ("MUST", "SHOULD"),
    Gate.BASELINE: ("MUST", "SHOULD", "MAY"),
}
"""The levels whose clauses count; against a baseline, those that are worse than in it."""


@dataclass(frozen=True)
class Judgement:
    """The exit code and why.

    ``reasons`` are a line each, also of 0; ``beside`` are lines about what failed or is open and does not count.
    ``waived`` maps clauses to the waiver that took them out, ``compared`` is None where there is no baseline.
    ``lasting`` are lines about what went wrong and names no clause, so that no other terms can take it away: a
    report has to say that it misses it.
    """

    exit_code: int
    reasons: tuple[str, ...]
    gate: Gate = Gate.MUST
    waivers: tuple[Use, ...] = ()
    waived: Mapping[str, Waiver] = field(default_factory=dict)
    compared: Comparison | None = None
    beside: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()


def judge(
    judged: Subject | ReportLike,
    gate: Gate = Gate.MUST,
    waivers: Iterable[Waiver] = (),
    baseline: Baseline | None = None,
    *,
    allow_unknown: bool = False,
    today: date,
) -> Judgement:
    """Judge a run or its report. ``today`` is the day on which waivers are looked at."""
    subject = judged if isinstance(judged, Subject) else of_report(judged)
    used = uses(waivers, subject, today)
    charged, waived = _sorted_out(subject, used, lost=gate is Gate.BASELINE)
    bad = {clause: worst(each.outcome for each in said) for clause, said in charged.items()}
    reason_of = {clause: _reason(charged[clause], outcome) for clause, outcome in bad.items()}
    decisive = {
        clause: outcome
        for clause, outcome in bad.items()
        if _counts(clause, outcome, subject, gate, baseline) and not (allow_unknown and outcome in _OPEN)
    }
    facts = _facts(subject, gate, baseline, used, decisive, reason_of)
    code, reasons = settle(facts, subject.foreign)
    return Judgement(
        code,
        reasons or (_nothing_wrong(subject, gate, len(waived)),),
        gate,
        used,
        waived,
        compare(baseline, _outcomes(subject)) if baseline else None,
        tuple(
            _told(clause, outcome, subject, reason_of[clause])
            for clause, outcome in bad.items()
            if clause not in decisive and outcome is not Outcome.NOT_SUPPORTED
        ),
        tuple(line for line in (subject.interrupted, subject.broken, *subject.trouble, subject.strange) if line),
    )


def _sorted_out(
    subject: Subject, used: Sequence[Use], *, lost: bool
) -> tuple[dict[str, list[Said]], dict[str, Waiver]]:
    """What is bad about each clause that nobody excuses or waives; the waivers where that leaves nothing.

    What only a waived failure has kept from being judged is waived with it. ``lost`` says that it is bad,
    too, if a clause is not supported.
    """
    ended = _ended_by(subject, used)
    bad = {Outcome.FAILED, *_OPEN, *([Outcome.NOT_SUPPORTED] if lost else [])}
    passed = {each.clause for each in subject.said if each.outcome is Outcome.PASSED}
    charged: dict[str, list[Said]] = {}
    waived: dict[str, Waiver] = {}
    for clause in subject.clauses:
        for each in subject.said:
            if each.clause != clause or each.excuse or each.outcome not in bad:
                continue
            if each.outcome is Outcome.NOT_SUPPORTED and clause in passed:
                continue
            if waiver := waiver_for(each, used) or ended.get(each.test if each.reason.startswith(ENDED) else ""):
                waived[clause] = waiver
            else:
                charged.setdefault(clause, []).append(each)
    return charged, {clause: waiver for clause, waiver in waived.items() if clause not in charged}


def _ended_by(subject: Subject, used: Sequence[Use]) -> dict[str, Waiver]:
    """Test -> the waiver of its failure, for the tests in which nothing failed that is not waived."""
    failed: dict[str, list[Waiver | None]] = defaultdict(list)
    for each in subject.said:
        if each.outcome is Outcome.FAILED and not each.excuse:
            failed[each.test].append(waiver_for(each, used))
    return {test: waivers[0] for test, waivers in failed.items() if test and waivers[0] and all(waivers)}


def _counts(clause: str, outcome: Outcome, subject: Subject, gate: Gate, baseline: Baseline | None) -> bool:
    if gate is Gate.BASELINE:
        return baseline is None or baseline.was_better(clause, outcome)
    return outcome is not Outcome.NOT_SUPPORTED and subject.level(clause) in LEVELS[gate]


def _facts(
    subject: Subject,
    gate: Gate,
    baseline: Baseline | None,
    used: Sequence[Use],
    decisive: Mapping[str, Outcome],
    reason_of: Mapping[str, str],
) -> dict[Fact, list[str]]:
    def lines(*outcomes: Outcome) -> list[str]:
        return [
            _told(clause, outcome, subject, reason_of[clause], baseline if gate is Gate.BASELINE else None)
            for clause, outcome in decisive.items()
            if outcome in outcomes
        ]

    expired = [each.told for each in used if each.state == "expired" and each.waiver.clause in decisive]
    return {
        Fact.FOREIGN: [subject.interrupted] if subject.foreign else [],
        Fact.INTERRUPTED: [subject.interrupted] if subject.interrupted else [],
        Fact.BROKEN: [subject.broken] if subject.broken else [],
        Fact.FAILED: lines(Outcome.FAILED, Outcome.NOT_SUPPORTED),
        Fact.EXPIRED: expired,
        Fact.OTHER: [*subject.other_failures, *([subject.strange] if subject.strange else [])],
        Fact.UNJUDGED: lines(*_OPEN),
        Fact.TROUBLE: list(subject.trouble),
        Fact.NOTHING: _nothing_judged(subject, gate),
    }


def _outcomes(subject: Subject) -> dict[str, Outcome]:
    """The outcome of each clause that was spoken about, waived and excused or not."""
    by_clause: dict[str, list[Outcome]] = defaultdict(list)
    for each in subject.said:
        by_clause[each.clause].append(each.outcome)
    return {clause: worst(by_clause[clause]) for clause in subject.clauses}


def _nothing_judged(subject: Subject, gate: Gate) -> list[str]:
    """Why nothing was judged that counts; empty where something was."""
    judged = {each.clause for each in subject.said if each.outcome in _JUDGED}
    if any(subject.level(clause) in LEVELS[gate] for clause in judged):
        return []
    if not judged:
        return ["nothing was judged"]
    levels = enumerated(sorted({subject.level(clause) for clause in judged}, reverse=True))
    which = " or ".join(LEVELS[gate])
    others = counted(len(judged), f"{levels} clause")
    return [f"no {which} clause was judged, only {others}, which the gate {gate} does not count"]


def _nothing_wrong(subject: Subject, gate: Gate, waived: int) -> str:
    what = {
        Gate.MUST: "no MUST clause counts as failed or open",
        Gate.SHOULD: "no MUST or SHOULD clause counts as failed or open",
        Gate.BASELINE: "nothing is worse than in the baseline",
    }[gate]
    parts = [what, f"{waived} waived" if waived else "", "this was only a part" if subject.partial else ""]
    return ", ".join(part for part in parts if part)


def _told(
    clause: str, outcome: Outcome, subject: Subject, reason: str = "", baseline: Baseline | None = None
) -> str:
    was = f", was {baseline.before(clause)} in the baseline" if baseline else ""
    verb = f"is {outcome}" if outcome in (Outcome.UNKNOWN, Outcome.NOT_SUPPORTED) else str(outcome)
    return f"{clause} ({subject.level(clause)}) {verb}{was}" + (f": {reason}" if reason else "")


def _reason(said: Sequence[Said], outcome: Outcome) -> str:
    """The reason of the worst outcome; of a failure, nothing: it is told in full elsewhere."""
    if outcome is Outcome.FAILED:
        return ""
    reason = next((each.reason for each in said if each.outcome is outcome), "")
    line = " ".join(reason.split())
    return line if len(line) <= REASON else f"{line[:REASON]} …"
