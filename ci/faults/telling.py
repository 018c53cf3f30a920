"""The matrix in words: lines for a terminal, a page of Markdown, and all of it as data. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from .observing import Catch, Finding, Observation

COLUMNS = ("fault", "component", "kind", "caught by", "clause", "also red", "owner", "seconds")


def table(findings: Sequence[Finding]) -> list[str]:
    """One line a fault, in columns."""
    rows = [COLUMNS, *(_row(finding) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def explanations(findings: Sequence[Finding]) -> list[str]:
    """Why a fault was not caught as it should be, or blamed on somebody else; a line each."""
    astray = [each for each in findings if each.catch is not Catch.INTENDED]
    lines = [f"{each.catch}: {each.case.name}: {each.why}" for each in astray]
    for each in findings:
        if each.row and not each.owner_right:
            blamed = ", ".join(each.row.blamed)
            lines.append(
                f"wrong owner: {each.case.name} is in {each.case.owner}, {each.row.clause} blames {blamed}"
            )
    return lines


def totals(findings: Sequence[Finding], open_clauses: Mapping[str, str], must: int) -> list[str]:
    """The figures that count."""
    found = Counter(each.catch for each in findings)
    caught = [each for each in findings if each.row]
    right, alone = sum(each.owner_right for each in caught), sum(each.owner_alone for each in caught)
    counts = ", ".join(
        (
            f"{found[Catch.INTENDED]} caught by the intended clause",
            f"{found[Catch.OTHER]} by another",
            f"{found[Catch.MISSED]} missed",
            f"{found[Catch.NOT_TRIED]} not tried",
        )
    )
    lines = [
        f"{len(findings)} faults: {counts}",
        f"blamed on the faulty component: {right} of {len(caught)}, on it alone: {alone}",
        f"MUST clauses that turned red: {must - len(open_clauses)} of {must}",
    ]
    if findings:
        lines.append(f"seconds a fault takes, in the middle: {median(each.seconds for each in findings):.1f}")
    return lines


def spent(seen: Sequence[Observation]) -> str:
    """What the seconds of all cases went to."""
    whole = sum(each.seconds for each in seen) or 1.0
    switching, clearing = sum(each.switching for each in seen), sum(each.clearing for each in seen)
    shares = {"switching": switching, "tests": whole - switching - clearing, "clearing": clearing}
    return "their seconds went to " + ", ".join(
        f"{part} {100 * each / whole:.0f} %" for part, each in shares.items()
    )


def markdown(
    findings: Sequence[Finding], open_clauses: Mapping[str, str], must: int, false_alarms: Sequence[str]
) -> str:
    """The whole of it as a page."""
    lines = ["# Faults and the clauses that find them", ""]
    lines += [f"- {line}" for line in totals(findings, open_clauses, must)]
    lines += ["", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(_row(finding)) + " |" for finding in findings]
    if notes := explanations(findings):
        lines += ["", "## Not as it should be", "", *(f"- {line}" for line in notes)]
    if false_alarms:
        lines += ["", "## Red without a fault", "", *(f"- {line}" for line in false_alarms)]
    lines += ["", "## Unproven MUST clauses", "", *(f"- {clause}: {why}" for clause, why in open_clauses.items())]
    return "\n".join(lines) + "\n"


def data(
    findings: Sequence[Finding],
    seen: Sequence[Observation],
    open_clauses: Mapping[str, str],
    false_alarms: Sequence[str],
) -> dict[str, Any]:
    """The whole of it as JSON: of each fault the outcome of every clause that a test spoke about."""
    rows = {each.name: each for each in seen}
    return {
        "faults": [
            {
                "name": each.case.name,
                "component": each.case.component,
                "kind": each.case.kind,
                "breaks": list(each.case.breaks),
                "caught": each.catch.value,
                "clause": each.row.clause if each.row else "",
                "blamed": list(each.row.blamed) if each.row else [],
                "owner_right": each.owner_right,
                "seconds": each.seconds,
                "switching": rows[each.case.name].switching,
                "clearing": rows[each.case.name].clearing,
                "why": each.why,
                "remarks": list(rows[each.case.name].remarks),
                "clauses": _outcomes(rows[each.case.name]),
            }
            for each in findings
        ],
        "unproven": dict(open_clauses),
        "false_alarms": list(false_alarms),
    }


def _outcomes(seen: Observation) -> dict[str, str]:
    order = ("failed", "errored", "unknown", "skipped", "passed", "not supported")
    found: dict[str, str] = {}
    for row in seen.rows:
        known = found.get(row.clause)
        if known is None or order.index(row.outcome) < order.index(known):
            found[row.clause] = row.outcome
    return dict(sorted(found.items()))


def _row(finding: Finding) -> tuple[str, ...]:
    owner = "right" if finding.owner_right else "wrong" if finding.row else "-"
    shown = ", ".join(finding.others[:4]) + (", …" if len(finding.others) > 4 else "")
    case = finding.case
    clause = finding.row.clause if finding.row else f"({case.intended})"
    return (
        case.name,
        case.component,
        case.kind,
        finding.catch.value,
        clause,
        shown or "-",
        owner,
        f"{finding.seconds:.1f}",
    )
