"""The verdict in a report: what a run came to, and what a pipeline makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_csi_snapshot.gating import Judgement, Use
from pytest_csi_snapshot.report.building import counts_of
from pytest_csi_snapshot.report.model import Report, ReportedClause, ReportedVerdict, Waiver
from pytest_csi_snapshot.reporting import summary
from pytest_csi_snapshot.verdict import Verdict

NOT_ENDED = "the run has not ended"


def not_yet(clauses: Sequence[ReportedClause]) -> ReportedVerdict:
    """What stands in the place of a verdict while a run goes on, or where it was killed."""
    return ReportedVerdict("partial", f"partial: {NOT_ENDED}", 3, reasons=(NOT_ENDED,), counts=counts_of(clauses))


def concluded(
    report: Report, verdict: Verdict, judgement: Judgement, *, exit_code: int, why: Sequence[str] = ()
) -> Report:
    """The report with its verdict, and with the waivers where they were used.

    ``exit_code`` is that of the run, which may end in other trouble than the judgement knows: ``why`` tells it.
    """
    reasons = judgement.reasons if exit_code == judgement.exit_code else ()
    return replace(
        report,
        verdict=ReportedVerdict(
            verdict.result.value,
            summary.result_in_words(verdict, waived=len(judgement.waived)),
            exit_code,
            judgement.gate.value,
            (*why, *reasons),
            counts_of(report.clauses),
        ),
        missing=(*report.missing, *_unsaid(judgement.lasting, report.missing)),
        waivers=tuple(_waiver(use) for use in judgement.waivers),
        clauses=tuple(
            replace(clause, waiver=judgement.waived[clause.id].reason if clause.id in judgement.waived else "")
            for clause in report.clauses
        ),
    )


def _unsaid(lasting: Sequence[str], missing: Sequence[str]) -> list[str]:
    """What went wrong for good and does not stand there yet; of a worker it may stand there where it crashed."""
    there = {*missing, *(each.partition(" in ")[0] for each in missing)}
    return [line for line in lasting if not {line, line.partition(": ")[0]} & there]


def _waiver(use: Use) -> Waiver:
    waiver = use.waiver
    return Waiver(
        waiver.clause, use.state, waiver.reason, waiver.owner, waiver.link, waiver.expires.isoformat(), use.told
    )
