"""From a report and its evidence to the text of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from html import escape
from string import Template
from typing import Any

from pytest_csi_snapshot.html.bundling import asset, script, sheet
from pytest_csi_snapshot.html.comparing import changes, slower
from pytest_csi_snapshot.html.embedding import element, markup, policy
from pytest_csi_snapshot.html.shrinking import latencies, shrunk
from pytest_csi_snapshot.requirements import OWNERS

Json = dict[str, Any]

Document = Mapping[str, Any] | Any
"""A document as read from its file, or the dataclass that was written to it; their names are the same."""

Evidence = Callable[[str], Document | None]
"""From the path of an evidence file in the report's folder to its document; None where it cannot be had."""

BUDGET = 5_500_000
"""Bytes that the evidence in a page may take. Failed tests come first; of others, the page names the file."""


def render(
    report: Document,
    evidence: Evidence,
    previous: Document | None = None,
    previous_evidence: Evidence | None = None,
) -> str:
    """The page of a report as one text, compared with a ``previous`` one where there is one.

    The phases of the previous report are shown beside those of this one if its evidence is given too.
    """
    told = _plain(report)
    found = dict(_evidence(told, evidence))
    durations = latencies(found.items())
    before = None if previous is None else _comparison(told, durations, _plain(previous), previous_evidence)
    small, left_out = _fitting(told, found)
    data = {"report": told, "owners": OWNERS, "latencies": durations, "comparison": before, "left_out": left_out}
    blocks = [element("data", data), *small]
    code, style = script(), sheet()
    return Template(asset("page.html")).substitute(
        policy=escape(policy(code, style), quote=True),
        title=markup(_title(told)),
        style=style,
        script=code,
        told=_told(told),
        blocks="".join(blocks),
    )


def _plain(document: Document) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = asdict(document) if is_dataclass(document) else document  # type: ignore[arg-type]
    return plain


def _evidence(report: Mapping[str, Any], evidence: Evidence) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The evidence that there is, with the position of its test in the report."""
    for number, test in enumerate(report.get("tests") or []):
        path = str(test.get("evidence") or "")
        if path and (document := evidence(path)) is not None:
            yield number, _plain(document)


def _fitting(report: Mapping[str, Any], found: Mapping[int, Mapping[str, Any]]) -> tuple[list[str], list[int]]:
    """The blocks of evidence that fit into the budget, and the numbers of the tests whose evidence does not."""
    tests = report.get("tests") or []
    order = sorted(found, key=lambda number: (tests[number].get("outcome") not in ("failed", "errored"), number))
    blocks, left_out, room = [], [], BUDGET
    for number in order:
        block = element(f"evidence-{number}", shrunk(found[number]))
        if len(block) > room:
            left_out.append(number)
            continue
        room -= len(block)
        blocks.append(block)
    return blocks, left_out


def _comparison(
    report: Mapping[str, Any],
    now: Mapping[str, list[tuple[float, int]]],
    previous: Mapping[str, Any],
    evidence: Evidence | None,
) -> Json:
    found = latencies(_evidence(previous, evidence)) if evidence else {}
    before = {phase: [seconds for seconds, _ in values] for phase, values in found.items()}
    return {
        "run": previous.get("run") or {},
        "implementation": previous.get("implementation") or {},
        "sentence": (previous.get("verdict") or {}).get("sentence", ""),
        "clauses": changes(report.get("clauses") or [], previous.get("clauses") or []),
        "latencies": before,
        "slower": slower({phase: [seconds for seconds, _ in values] for phase, values in now.items()}, before),
    }


def _title(report: Mapping[str, Any]) -> str:
    verdict, driver = report.get("verdict") or {}, report.get("implementation") or {}
    return f"{verdict.get('result', '')} · {driver.get('driver', '')}"


def _told(report: Mapping[str, Any]) -> str:
    """What a browser shows that runs no scripts: the verdict and the failures in words."""
    verdict = report.get("verdict") or {}
    lines = [f"<p>{markup(verdict.get('sentence', ''))}</p>"]
    lines += [f"<p>Missing: {markup(each)}</p>" for each in report.get("missing") or []]
    lines += [
        f"<p><b>{markup(clause['id'])}</b> failed: {markup(clause.get('sentence', ''))}</p>"
        for clause in report.get("clauses") or []
        if clause.get("outcome") == "failed"
    ]
    return "\n      ".join(lines)
