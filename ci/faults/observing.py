"""What was seen of a fault: the results of the tests, and how they add up. Values that travel as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from pytest_csi_snapshot.requirements import catalogue

from .cases import Case


@dataclass(frozen=True)
class Row:
    """What one test said about one clause; for a failed one ``blamed`` and the ``text`` of the report."""

    test: str
    clause: str
    outcome: str
    reason: str = ""
    blamed: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """All that came of one case. ``trouble`` is why nothing could be judged, "" for nothing.

    ``switching`` and ``clearing`` are seconds before and after the tests, of all ``seconds``.
    """

    name: str
    rows: tuple[Row, ...] = ()
    seconds: float = 0.0
    trouble: str = ""
    remarks: tuple[str, ...] = field(default_factory=tuple)
    switching: float = 0.0
    clearing: float = 0.0

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``as_plain``."""
        rows = tuple(
            Row(**{**row, "blamed": tuple(row["blamed"]), "text": tuple(row["text"])}) for row in data["rows"]
        )
        return cls(**{**data, "rows": rows, "remarks": tuple(data["remarks"])})

    def as_plain(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @property
    def red(self) -> dict[str, Row]:
        """The clauses that failed, each with its first failure."""
        found: dict[str, Row] = {}
        for row in self.rows:
            if row.outcome == "failed":
                found.setdefault(row.clause, row)
        return found


class Catch(StrEnum):
    """How a fault was found."""

    INTENDED = "intended"
    OTHER = "another"
    MISSED = "missed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Finding:
    """What the tests make of one case. ``row`` is the failure that tells it best, None for a missed one."""

    case: Case
    catch: Catch
    row: Row | None
    others: tuple[str, ...]
    seconds: float
    why: str = ""

    @property
    def owner_right(self) -> bool:
        """Whether the component that carries the fault is blamed, and before all others."""
        return self.row is not None and self.row.blamed[:1] == (self.case.owner,)

    @property
    def owner_alone(self) -> bool:
        """Whether it is the only one."""
        return self.row is not None and self.row.blamed == (self.case.owner,)


def judged(case: Case, seen: Observation) -> Finding:
    """How a case was caught: by the intended clause, by another of any kind, or not at all."""
    red = seen.red
    others = tuple(clause for clause in red if clause != case.intended)
    if seen.trouble and not red:
        return Finding(case, Catch.NOT_TRIED, None, (), seen.seconds, seen.trouble)
    if case.intended in red:
        return Finding(case, Catch.INTENDED, red[case.intended], others, seen.seconds)
    why = "; ".join(dict.fromkeys(_why(row) for row in seen.rows if row.clause == case.intended)) or "no test ran"
    if others:
        return Finding(case, Catch.OTHER, red[others[0]], others[1:], seen.seconds, f"{case.intended}: {why}")
    return Finding(case, Catch.MISSED, None, (), seen.seconds, f"{case.intended}: {why}")


def unproven(red: Collection[str], cases: Iterable[Case], tested: Collection[str]) -> dict[str, str]:
    """The MUST clauses that have a test and that no fault turned red, each with the reason.

    ``cases`` are the faults that were tried.
    """
    named: dict[str, list[str]] = {}
    for case in cases:
        for clause in case.breaks:
            named.setdefault(clause, []).append(case.name)
    reasons = {}
    for must in catalogue().clauses:
        if must.level != "MUST" or must.id in red or must.id not in tested:
            continue
        if by := named.get(must.id):
            reasons[must.id] = f"stayed green under {', '.join(by)}"
        elif must.owners == ("CORE",):
            reasons[must.id] = "Kubernetes itself keeps it, and no policy breaks it here"
        elif must.owners == ("ADM",):
            reasons[must.id] = "it is about the cluster, whose lacks the doctor finds"
        else:
            reasons[must.id] = "no fault breaks it"
    return reasons


def _why(row: Row) -> str:
    return f"{row.outcome}{f' ({row.reason})' if row.reason else ''}"
