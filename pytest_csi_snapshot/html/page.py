"""From a report and its evidence to the text of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from html import escape
from string import Template
from typing import Any

from pytest_csi_snapshot.html.bundling import asset, script, sheet
from pytest_csi_snapshot.html.embedding import element, markup, policy
from pytest_csi_snapshot.html.shrinking import Measured, latencies, shrunk
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.report.differing import KINDS, difference
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.plain import to_plain
from pytest_csi_snapshot.requirements import OWNERS

Json = dict[str, Any]

Evidence = Callable[[str], Any]
"""From the path of an evidence file in the report's folder to its document, as read or as the dataclass that was
written; None where it cannot be had."""

BUDGET = 5_000_000
"""Bytes that the evidence in a page may take. Failed tests come first; of what is left out, the file is named."""


def render(
    report: Report,
    evidence: Evidence,
    previous: Report | None = None,
    previous_evidence: Evidence | None = None,
) -> str:
    """The page of a report as one text, compared with a ``previous`` one where there is one.

    How long phases took in the previous run is shown if its evidence is given too.
    """
    found = dict(_evidence(report, evidence))
    measured = _measured(report, found)
    blocks, left_out = _fitting(report, found)
    data = {
        "report": REDACTOR.clean_all(to_plain(report)),
        "owners": OWNERS,
        "latencies": measured,
        "comparison": _comparison(report, measured, previous, previous_evidence) if previous else None,
        "left_out": left_out,
    }
    code, style = script(), sheet()
    return Template(asset("page.html")).substitute(
        policy=escape(policy(code, style), quote=True),
        title=_shown(f"{report.verdict.result} · {report.implementation.driver}"),
        style=style,
        script=code,
        told=_told(report),
        blocks="".join([element("data", data), *blocks]),
    )


def _evidence(report: Report, evidence: Evidence) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The evidence that there is, with the position of its test in the report."""
    for number, test in enumerate(report.tests):
        document = evidence(test.evidence) if test.evidence else None
        if document is not None:
            yield number, document if isinstance(document, Mapping) else asdict(document)


def _measured(report: Report, found: Mapping[int, Mapping[str, Any]]) -> Measured:
    """How long what took on the driver itself: a companion has other traits."""
    return latencies((number, each) for number, each in found.items() if not report.tests[number].seen_on)


def _fitting(report: Report, found: Mapping[int, Mapping[str, Any]]) -> tuple[list[str], list[int]]:
    """The blocks of evidence that fit into the budget, and the numbers of the tests whose evidence does not."""
    order = sorted(found, key=lambda number: (report.tests[number].outcome not in ("failed", "errored"), number))
    blocks, left_out, room = [], [], BUDGET
    for number in order:
        block = element(f"evidence-{number}", shrunk(found[number]))
        if len(block) > room:
            left_out.append(number)
            continue
        room -= len(block)
        blocks.append(block)
    return blocks, left_out


def _comparison(report: Report, measured: Measured, previous: Report, evidence: Evidence | None) -> Json:
    earlier = _measured(previous, dict(_evidence(previous, evidence))) if evidence else {}
    before, now = (
        {phase: [one for one, _ in each] for phase, each in all_.items()} for all_ in (earlier, measured)
    )
    return {
        "run": {"id": previous.run.id, "began": previous.run.began},
        "implementation": to_plain(previous.implementation),
        "sentence": previous.verdict.sentence,
        "kinds": KINDS,
        "latencies": before,
        **asdict(difference(previous, report, (before, now))),
    }


def _told(report: Report) -> str:
    """What a browser shows that runs no scripts: the verdict and the failures in words."""
    lines = [f"<p>{_shown(report.verdict.sentence)}</p>"]
    lines += [f"<p>Missing: {_shown(each)}</p>" for each in report.missing]
    lines += [f"<p>{_shown(each)}</p>" for each in report.notes]
    lines += [
        f"<p><b>{markup(clause.id)}</b> failed: {_shown(clause.sentence)}</p>"
        for clause in report.clauses
        if clause.outcome == "failed"
    ]
    return "\n      ".join(lines)


def _shown(text: str) -> str:
    return markup(REDACTOR.clean(text))
