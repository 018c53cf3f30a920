"""A report as a badge: a small SVG with the result, for a page of documentation. Made of nothing but text."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from pytest_csi_snapshot.report.model import Report

LABEL = "CSI snapshots"
COLOURS: Mapping[str, str] = {
    "conformant": "#2e7d32",
    "partial": "#8a6100",
    "not conformant": "#b3261e",
    "nothing judged": "#5f6368",
}
"""Result -> colour of its side; each has a contrast of 4.5 to white letters."""

_WIDTH = 6.6
"""Of a letter, in the 11 px that badges have; the text is fitted to what this makes of it."""


def result_of(report: Report) -> str:
    """The result that may be shown: a part of a run is never conformant, whatever a file says."""
    whole = not (report.run.partial or report.missing) and bool(report.run.ended)
    told = report.verdict.result
    return "partial" if told == "conformant" and not whole else told


def badge(report: Report) -> str:
    """The SVG, with the counts of the MUST clauses and the driver as its title."""
    result = result_of(report)
    must = report.verdict.counts.get("MUST", {})
    text = f"{result} {must.get('passed', 0)}/{sum(must.values())}"
    driver = f"{report.implementation.driver} {report.implementation.version}".rstrip()
    left, right = (round(len(each) * _WIDTH) + 12 for each in (LABEL, text))
    told = f"{LABEL}, {driver}: {report.verdict.sentence}"
    title = escape("".join(letter for letter in told if letter.isprintable()))
    size = f'width="{left + right}" height="20"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">
<title>{title}</title>
<rect {size} rx="3" fill="#444"/>
<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z" fill="{COLOURS[result]}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="6" y="14" textLength="{left - 12}">{escape(LABEL)}</text>
<text x="{left + 6}" y="14" textLength="{right - 12}">{escape(text)}</text>
</g>
</svg>
"""
