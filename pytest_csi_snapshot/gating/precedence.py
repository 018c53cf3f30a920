"""Exit codes, and which of them wins: the one table of it.

Every kind of fact has one exit code; where there are facts of several kinds, the one that stands first decides. No
fact at all is 0. ``4`` (the command line is wrong) never comes so far, it ends a run before there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

OK, FAILED, INTERRUPTED, TROUBLE, USAGE, NOTHING = 0, 1, 2, 3, 4, 5


class Fact(StrEnum):
    """A kind of reason not to end with 0."""

    FOREIGN = "somebody else ended the run with a code of their own"
    INTERRUPTED = "the run was interrupted"
    BROKEN = "the run broke"
    FAILED = "a clause of the gate failed"
    EXPIRED = "a waiver that is needed has expired"
    OTHER = "a test of no clause failed, or pytest found something else wrong"
    UNJUDGED = "a clause of the gate is errored or unknown"
    TROUBLE = "something went wrong that names no clause"
    NOTHING = "no clause of the gate was judged"


PRECEDENCE: tuple[tuple[Fact, int], ...] = (
    (Fact.FOREIGN, -1),  # that code
    (Fact.INTERRUPTED, INTERRUPTED),
    (Fact.BROKEN, TROUBLE),
    (Fact.FAILED, FAILED),
    (Fact.EXPIRED, FAILED),
    (Fact.OTHER, FAILED),
    (Fact.UNJUDGED, TROUBLE),
    (Fact.TROUBLE, TROUBLE),
    (Fact.NOTHING, NOTHING),
)
"""Fact -> exit code, the one that decides first."""


def settle(facts: Mapping[Fact, Sequence[str]], foreign: int = 0) -> tuple[int, tuple[str, ...]]:
    """The exit code, and the lines of all facts that lead to it; the lines of a fact say what it is."""
    code = next((code for fact, code in PRECEDENCE if facts.get(fact)), OK)
    lines = tuple(line for fact, each in PRECEDENCE if each == code for line in facts.get(fact, ()))
    return (foreign if code < 0 else code), lines
