"""Progress in words. Pure: from counts and standings to lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from pytest_csi_snapshot.outcomes import ClauseResult, Outcome
from pytest_csi_snapshot.reporting.progress.tally import Tally
from pytest_csi_snapshot.reporting.words import blamed_on, counted, failure_title
from pytest_csi_snapshot.requirements import Clause
from pytest_csi_snapshot.standing import Doing

_NAMESPACE = re.compile(r"\S+/")
"""It is the test's own, with a name that fills a line and tells nothing."""

TOLD = 300
"""Characters of a failure that is told at once; the end of the run tells all of it."""


def done_in_words(tally: Tally, left: str) -> str:
    """``118 of 260 clauses, 1 failed, about 2 min left``."""
    if not tally.tests:
        parts = [f"{counted(len(tally.tests_done), 'test')} done"]
    elif tally.clauses:
        parts = [f"{tally.clauses_done} of {counted(tally.clauses, 'clause')}"]
    else:
        parts = [f"{len(tally.tests_done)} of {counted(tally.tests, 'test')}"]
    parts += [f"{len(tally.failed)} failed"] if tally.failed else []
    known = len(tally.deviating - tally.failed)
    parts += [f"{known} deviate{'' if known > 1 else 's'} as known"] if known else []
    parts += [f"{len(tally.errored)} errored"] if tally.errored else []
    return ", ".join([*parts, *([left] if left else [])])


def doing_in_words(doing: Sequence[Doing], now: float) -> str:
    """What has been waited for longest, and how many others there are; "" where nothing runs."""
    if not doing:
        return ""
    first, *others = sorted(doing, key=lambda each: (not each.awaited, each.since))
    short = replace(first, about=_NAMESPACE.sub("", first.about))
    return one_in_words(short, now) + (f" (and {len(others)} more)" if others else "")


def one_in_words(doing: Doing, now: float) -> str:
    """``waiting 12 of 60 s for readyToUse true: VolumeSnapshot ns/name``, or ``in test_x for 3 s``."""
    seconds = f"{max(0.0, now - doing.since):.0f}"
    if not doing.awaited:
        return f"in {_name(doing.test)} for {seconds} s"
    limit = f" of {doing.within:g}" if doing.within else ""
    about = f": {doing.about}" if doing.about else ""
    return f"waiting {seconds}{limit} s for {doing.awaited}{about}"


def hanging_in_words(doing: Sequence[Doing], now: float, silent: float) -> list[str]:
    """What each test is at, since none has ended for ``silent`` seconds."""
    head = f"no test has ended for {silent:.0f} s"
    if not doing:
        return [f"{head}, and none runs"]
    return [head, *(f"  {_name(each.test)}: {one_in_words(each, now)}" for each in doing)]


def failure_in_words(result: ClauseResult, clause: Clause | None, test: str, versions: str) -> str:
    """A clause that failed or a test that errored, in one line."""
    if result.outcome is Outcome.ERRORED or result.failure is None or clause is None:
        return _one_line(f"ERRORED {result.clause} {result.reason} [{_name(test)}]")
    told = failure_title(result.failure).removeprefix(f"{result.clause}: ")
    blamed = f"; blamed: {blamed_on(clause, result.failure.blame, versions)}"
    if result.excuse:
        return _one_line(f"DEVIATES {result.clause} {told}", f"; known: {result.excuse}")
    return _one_line(f"FAILED {result.clause} {told}", blamed)


def cut(text: str, cells: int) -> str:
    """The text in so many cells of a terminal; wide characters take two, combining ones none."""
    if width(text) <= cells:
        return text
    kept, used = "", 0
    for character in text:
        used += _cells(character)
        if used > cells - 3:
            break
        kept += character
    return kept + "..."


def width(text: str) -> int:
    """The cells of a terminal that a text takes."""
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _one_line(text: str, end: str = "") -> str:
    text = " ".join(text.split())
    return (text if len(text) <= TOLD else f"{text[:TOLD]} …") + end


def _name(test: str) -> str:
    return test.rpartition("::")[2]
