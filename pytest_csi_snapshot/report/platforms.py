"""A report as CI systems show it: a job summary in Markdown, and annotations of GitHub's runner.

Pure: from a report to text. What a clause is and what was seen are the report's own words.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_csi_snapshot.report.model import OUTCOMES, Report, ReportedClause
from pytest_csi_snapshot.requirements import LEVELS

LONGEST = 1000
"""Characters of one annotation; GitHub cuts longer ones in the middle of a word."""

MOST = 10
"""Annotations of one kind that GitHub shows of one step; what is beyond is counted in the last of them."""


def sentence(report: Report) -> str:
    """The verdict in one line."""
    return report.verdict.sentence


def markdown(report: Report) -> str:
    """A job summary: the verdict, counts by level, each broken clause, what is missing."""
    lines = [f"## CSI snapshots: {report.implementation.driver} is {report.verdict.result}", ""]
    lines += [_cell(report.verdict.sentence), ""]
    lines += [f"- {_cell(reason)}" for reason in report.verdict.reasons]
    lines += [f"- **missing**: {_cell(each)}" for each in report.missing]
    lines += [f"- only a part: {_cell(each)}" for each in report.run.partial]
    lines += ["", *_counts(report), *_broken(report), *_waived(report)]
    where = ", ".join(part for part in (report.cluster.provider, report.cluster.versions) if part)
    lines += ["", f"{_cell(where)}; {report.run.seconds:.0f} s; `{report.run.command}`", ""]
    return "\n".join(lines)


def workflow_commands(report: Report) -> list[str]:
    """Workflow commands of GitHub: an error for each clause that decides the verdict, a warning for each doubt."""
    failed = [each for each in report.clauses if each.outcome == "failed"]
    charged = [each for each in failed if not each.excuse and not each.waiver]
    doubts = [each for each in report.clauses if each.outcome in ("errored", "unknown") and not each.excuse]
    return [
        *_commands("error", charged),
        *_commands("warning", [*(each for each in failed if each not in charged), *doubts]),
        _command("notice", "CSI snapshot conformance", report.verdict.sentence),
    ]


def _commands(kind: str, clauses: list[ReportedClause]) -> list[str]:
    shown = clauses if len(clauses) <= MOST else clauses[: MOST - 1]
    lines = [_command(kind, f"{clause.id} ({clause.level})", _told(clause)) for clause in shown]
    if rest := clauses[len(shown) :]:
        lines.append(_command(kind, f"{len(rest)} more clauses", ", ".join(clause.id for clause in rest)))
    return lines


def _told(clause: ReportedClause) -> str:
    lines = [clause.sentence]
    for failure in clause.failures[:1]:
        lines += [f"expected {failure.expected}", f"observed {failure.observed}"]
    if not clause.failures:
        lines.append(f"{clause.outcome}: {clause.reason}")
    lines += [f"blamed on {_blamed(clause)}"] if clause.blamed else []
    lines += [f"known: {clause.excuse}"] if clause.excuse else []
    lines += [f"waived: {clause.waiver}"] if clause.waiver else []
    lines += [f"run again with {failure.rerun}" for failure in clause.failures[:1] if failure.rerun]
    return "\n".join(lines)


def _command(kind: str, title: str, message: str) -> str:
    """A workflow command; what has a meaning in one is written as its code, by the runner's own rules."""
    text = message if len(message) <= LONGEST else f"{message[:LONGEST]} …"
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    named = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A")
    return f"::{kind} title={named.replace(',', '%2C')}::{escaped}"


def _counts(report: Report) -> list[str]:
    counts = report.verdict.counts
    shown = [word for word in OUTCOMES if any(counts.get(level, {}).get(word) for level in LEVELS)]
    rows = [[level, *(str(counts.get(level, {}).get(word, 0)) for word in shown)] for level in LEVELS]
    return [*_table(["", *shown], rows), ""] if shown else []


def _broken(report: Report) -> list[str]:
    failed = [clause for clause in report.clauses if clause.outcome == "failed"]
    rows = [
        [
            clause.id,
            clause.level,
            clause.sentence,
            _observed(clause),
            _blamed(clause),
            clause.waiver or clause.excuse,
        ]
        for clause in failed
    ]
    return _table(["clause", "level", "requirement", "observed", "blamed on", "known"], rows) if rows else []


def _observed(clause: ReportedClause) -> str:
    return clause.failures[0].observed if clause.failures else clause.reason


def _waived(report: Report) -> list[str]:
    told = [
        f"- waiver of {each.clause}, {each.state}: {_cell(each.reason)} "
        f"({_cell(each.owner)}, until {each.expires})"
        for each in report.waivers
    ]
    return ["", *told] if told else []


def _blamed(clause: ReportedClause) -> str:
    return ", ".join(f"{each.component} {each.version}".rstrip() for each in clause.blamed)


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    bar = "|".join("---" for _ in head)
    return [f"|{'|'.join(head)}|", f"|{bar}|", *(f"|{'|'.join(_cell(each) for each in row)}|" for row in rows)]


def _cell(text: str) -> str:
    """Text that neither ends a cell of a table nor is taken for HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "\\|")
    return " ".join(escaped.split())
