"""Figures in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .figure import Figure, Measurement, Taken
from .machine import Surroundings

MISSED, KEPT, SHOWN = "MISSED", "kept", ""


@dataclass(frozen=True)
class Done:
    """A measurement that was taken, or why it was not (``trouble``, or ``left_out`` where that is no fault)."""

    measurement: Measurement
    figures: tuple[Figure, ...] = ()
    taken: Taken = field(default_factory=lambda: Taken({}))
    surroundings: Surroundings | None = None
    seconds: float = 0.0
    trouble: str = ""
    left_out: str = ""

    @property
    def kept(self) -> bool:
        """Every budget is, and nothing went wrong."""
        return not self.trouble and all(figure.kept for figure in self.figures)


def word(figure: Figure) -> str:
    """What became of a budget."""
    if figure.budget.at_most is None:
        return SHOWN
    return KEPT if figure.kept else MISSED


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(done: Sequence[Done]) -> list[str]:
    """All figures in lines, with what is to be known beside them."""
    head = ("figure", "unit", "n", "min", "median", "max", "budget", "")
    rows = [_row(figure) for each in done for figure in each.figures]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = [_line(head, widths), *(_line(row, widths) for row in rows), ""]
    for each in done:
        name = each.measurement.name
        lines += [f"{name}: NOT MEASURED: {each.trouble}"] if each.trouble else []
        lines += [f"{name}: not measured: {each.left_out}"] if each.left_out else []
        lines += [f"{name}: {note}" for note in each.taken.notes]
        lines += [f"{name}: {each.surroundings.words()}"] if each.surroundings else []
    missed = [figure.budget.title for each in done for figure in each.figures if not figure.kept]
    if missed:
        lines += ["", f"budgets missed: {'; '.join(missed)}"]
    if any(each.surroundings and each.surroundings.loaded for each in done):
        lines.append("the machine was not quiet: take the figures marked LOADED again when it is")
    return lines


def _row(figure: Figure) -> tuple[str, ...]:
    budget = figure.budget
    most = "" if budget.at_most is None else f"{number(budget.at_most)} ({budget.by})"
    told = word(figure)
    if told == MISSED:
        told = f"{MISSED}: {number(figure.judged)}"
    return (budget.title, budget.unit, str(len(figure.values)), number(figure.least), number(figure.median),
            number(figure.most), most, told)  # fmt: skip


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, second, *rest = (
        cell.ljust(width) if at < 2 or at == len(row) - 1 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((first, second, *rest)).rstrip()


def data(done: Sequence[Done], machine: dict[str, object], began: str) -> dict[str, Any]:
    """All of it, values too."""
    return {
        "format": "pytest-csi-snapshot/bench",
        "version": 1,
        "began": began,
        "machine": machine,
        "kept": all(each.kept for each in done),
        "measurements": [_measurement(each) for each in done],
    }


def _measurement(each: Done) -> dict[str, Any]:
    return {
        "name": each.measurement.name,
        "how": each.measurement.how,
        "seconds": round(each.seconds, 1),
        "surroundings": asdict(each.surroundings) if each.surroundings else {},
        "loaded": bool(each.surroundings and each.surroundings.loaded),
        "trouble": each.trouble,
        "left_out": each.left_out,
        "notes": list(each.taken.notes),
        "details": dict(each.taken.details),
        "figures": [
            {**asdict(figure.budget), "min": figure.least, "median": figure.median, "max": figure.most,
             "p99": figure.p99, "judged": figure.judged, "kept": figure.kept, "values": list(figure.values)}
            for figure in each.figures
        ],
    }  # fmt: skip
