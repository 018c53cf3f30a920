"""The judgement in lines, for whatever shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pytest_csi_snapshot.gating.baseline import Baseline, Comparison
from pytest_csi_snapshot.gating.judgement import Judgement
from pytest_csi_snapshot.reporting.words import counted, enumerated

MOST = 5
"""Lines of one kind that are shown; the report has all."""

Tone = Literal["plain", "good", "doubtful", "bad"]
_STATES: dict[str, tuple[str, Tone]] = {
    "active": ("waived", "doubtful"),
    "expired": ("waiver expired", "bad"),
    "unused": ("waiver not used", "doubtful"),
}


def gate_lines(judgement: Judgement, baseline: Baseline | None = None) -> Iterator[tuple[str, Tone]]:
    """What was waived, what is other than in the baseline, and what does not count for the gate."""
    for use in judgement.waivers:
        word, tone = _STATES[use.state]
        yield f"{word}: {use.told}", tone
    if baseline and judgement.compared:
        yield from _comparison(judgement.compared, baseline)
    if judgement.beside:
        yield from _some(f"does not count for the gate {judgement.gate}: ", judgement.beside, "doubtful")


def exit_lines(judgement: Judgement) -> Iterator[str]:
    """``Exit code 1: DEL-001 (MUST) failed``, and further reasons below it."""
    head = f"Exit code {judgement.exit_code}: "
    for line, _ in _some("", judgement.reasons, "plain"):
        yield head + line
        head = " " * len(head)


def _comparison(compared: Comparison, baseline: Baseline) -> Iterator[tuple[str, Tone]]:
    counts = [
        f"{len(compared.worse)} worse",
        f"{len(compared.better)} better",
        f"{len(compared.known)} as bad as then" if compared.known else "",
        f"{counted(compared.not_run, 'clause')} that passed then not run now" if compared.not_run else "",
    ]
    whole = ", a partial run" if baseline.partial else ""
    yield f"baseline {baseline.origin} ({baseline.began}{whole}): {enumerated(counts)}", "plain"
    yield from _some("  worse: ", [change.told() for change in compared.worse], "bad")
    yield from _some("  better: ", [change.told() for change in compared.better], "good")


def _some(head: str, lines: tuple[str, ...] | list[str], tone: Tone) -> Iterator[tuple[str, Tone]]:
    shown = lines if len(lines) <= MOST + 1 else lines[:MOST]
    for line in shown:
        yield head + line, tone
    if len(shown) < len(lines):
        yield f"{head}… and {len(lines) - len(shown)} more", tone
