"""A part of the suites that is one of N: for the jobs of a CI matrix, or the pods of a Job.

Which tests a shard has follows from the tests and from N alone, so that every shard of one version with the same
options comes to the same division, and all of them together have each test once. A file is never divided, because
its tests share what it has prepared. Tests that run alone are the last shard's, which waits for the others to end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_csi_snapshot.errors import UsageTrouble

MOST = 64
"""Shards; there are about as many files."""


@dataclass(frozen=True)
class Shard:
    """The ``number``-th of ``of`` shards, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def is_last(self) -> bool:
        """It has the tests that run alone."""
        return self.number == self.of


def parse_shard(text: str) -> Shard | None:
    """``2/4``; None for "". Raises UsageTrouble."""
    if not text:
        return None
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of <= MOST:
        raise UsageTrouble(
            f"--csi-shard: {text!r} is not one of N shards",
            do=f"give it as 2/4: the second of four, of at most {MOST}",
        )
    return Shard(number, of)


def owners(tests: Iterable[tuple[str, bool]], of: int) -> Mapping[tuple[str, bool], int]:
    """Which shard has which file, by (file, whether its tests run alone); ``tests`` are that for each test.

    The file with the most tests goes first, to the shard that has the fewest so far.
    """
    counts = Counter(tests)
    load = Counter(dict.fromkeys(range(1, of + 1), 0))
    found: dict[tuple[str, bool], int] = {}
    for part in sorted(counts, key=lambda part: (not part[1], -counts[part], part[0])):
        number = of if part[1] else min(load, key=lambda each: (load[each], each))
        found[part] = number
        load[number] += counts[part]
    return found
