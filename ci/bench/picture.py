"""The figures as a picture: how much of its budget each one takes, with its spread. SVG, made of text alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .figure import Figure
from .telling import number, word

ROW, LEFT, WIDE, RIGHT = 26, 330, 420, 210
"""Pixels: height of a row; widths of the names, of the bars up to twice the budget, and of the words."""

FULL = 2.0
"""Where a bar ends, in budgets; what is longer is cut, and marked so."""

_COLOURS = {"kept": "#2e7d32", "MISSED": "#b3261e"}


def picture(figures: Sequence[Figure], title: str) -> str:
    """A row a figure that has a budget."""
    shown = [figure for figure in figures if figure.budget.at_most]
    height, width = ROW * (len(shown) + 2), LEFT + WIDE + RIGHT
    line = LEFT + WIDE / FULL
    rows = "\n".join(_row(figure, ROW * (at + 1)) for at, figure in enumerate(shown))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img"
 font-family="Verdana,DejaVu Sans,sans-serif" font-size="12" aria-label="{escape(title)}">
<title>{escape(title)}</title>
<rect width="{width}" height="{height}" fill="#fff"/>
<text x="8" y="17" font-weight="bold">{escape(title)}</text>
<text x="{line:.0f}" y="17" text-anchor="middle" fill="#5f6368">budget</text>
{rows}
<path d="M{line:.1f} 22V{height - ROW + 4}" stroke="#5f6368" stroke-dasharray="3 3"/>
</svg>
"""


def _row(figure: Figure, top: int) -> str:
    budget = figure.budget
    assert budget.at_most is not None, "only figures with a budget are drawn"
    judged, least, most = (_place(value / budget.at_most) for value in (figure.judged, figure.least, figure.most))
    colour = _COLOURS[word(figure)]
    cut = " &#x25b8;" if figure.judged / budget.at_most > FULL else ""
    told = f"{number(figure.judged)} of {number(budget.at_most)} {budget.unit}"
    middle = top + ROW / 2
    return f"""<text x="8" y="{middle + 4:.0f}">{escape(budget.title)}</text>
<rect x="{LEFT}" y="{top + 5}" width="{judged - LEFT:.1f}" height="{ROW - 10}" fill="{colour}"/>
<path d="M{least:.1f} {middle:.0f}H{most:.1f}" stroke="#202124" stroke-width="1.5"/>
<text x="{LEFT + WIDE + 8}" y="{middle + 4:.0f}" fill="{colour}">{escape(told)}{cut}</text>"""


def _place(share: float) -> float:
    return LEFT + WIDE * min(FULL, max(0.0, share)) / FULL
