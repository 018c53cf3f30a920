"""Waiting: a question to the history that is asked again whenever a version arrives.

Three ways out: the answer came; the object turned impossible, so that waiting on would only cost time; the
limit is over. The last two are failures of the clause that the caller names, told with what was observed
when. Nothing here sleeps or asks the API server.

A limit is what a clause grants to controllers, and those can do nothing while there is no API server: it begins
anew once the watches are answered again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from pytest_csi_snapshot.evidence.tape import TAPE, TapedWait
from pytest_csi_snapshot.history import History, Version

T = TypeVar("T")

AWAY = 180.0
"""Seconds that a wait may last longer because the API server was away; one that never stays ends no wait else."""


class Observation(NamedTuple):
    """What was seen when; negative seconds are before the wait began."""

    seconds: float
    text: str

    def __str__(self) -> str:
        return f"{self.seconds:8.3f} s  {self.text}"


class WaitTimeout(AssertionError):  # noqa: N818  what it is called wherever waiting is spoken of
    """Something a clause promises did not come within the limit: the clause is not kept.

    ``within`` is the limit in seconds; ``words`` are what the controllers' logs say about it; ``blame`` is the
    component (a key of OWNERS) that is seen not to have done its part, "" where that cannot be told.
    """

    def __init__(
        self, clause: str, awaited: str, *, about: str, within: float, observations: list[Observation], why: str
    ) -> None:
        self.clause = clause
        self.awaited = awaited
        self.about = about
        self.within = within
        self.observations = observations
        self.why = why
        self.words: list[str] = []
        self.blame = ""
        lines = [f"{clause}: {about}: awaited {awaited}; {why}", *(f"  {seen}" for seen in observations)]
        super().__init__("\n".join(lines if observations else [*lines, "  nothing was observed"]))

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {word}" for word in self.words)])


class EarlyEnd(WaitTimeout):
    """It cannot come any more: the object is gone, or has failed for good. ``within`` is what was waited."""


class HopelessError(Exception):
    """Raised by a probe that knows its answer can never come; the text says why."""


def wait_for(
    history: History,
    probe: Callable[[], T | None],
    *,
    clause: str,
    awaited: str,
    about: str,
    within: float,
    observed: Callable[[], list[tuple[float, str]]],
    lane: str = "",
) -> T:
    """The first answer of ``probe`` that is not None.

    ``probe`` is called with the history held still, at once and after every arrival. ``observed`` gives what
    to tell where it fails, in seconds of the history's clock. ``lane`` is the uid of the object that the wait is
    about, "" where it is about several; for the record only. Raises WaitTimeout, EarlyEnd, and WatchLostError
    where nothing can arrive any more.
    """
    __tracebackhide__ = True
    begun = history.clock()
    taped = TapedWait(history, about, lane, awaited, clause, begun, begun, begun, came=False)
    try:
        with TAPE.waiting(about, awaited, within):
            found = _wait(history, probe, clause, awaited, about, within, observed, begun)
            taped.came, taped.decided = True, _decided(history, found, begun)
            return found
    finally:
        taped.ended = history.clock()
        TAPE.waited(taped)


def _wait(
    history: History,
    probe: Callable[[], T | None],
    clause: str,
    awaited: str,
    about: str,
    within: float,
    observed: Callable[[], list[tuple[float, str]]],
    begun: float,
) -> T:
    __tracebackhide__ = True

    def failure(kind: type[WaitTimeout], limit: float, why: str) -> WaitTimeout:
        seen = [Observation(round(at - begun, 3), text) for at, text in observed()]
        return kind(clause, awaited, about=about, within=limit, observations=seen, why=why)

    with history.arrival:
        while True:
            try:
                found = probe()
            except HopelessError as error:
                waited = round(history.clock() - begun, 3)
                raise failure(EarlyEnd, waited, f"impossible after {waited:g} s: {error}") from None
            if found is not None:
                return found
            if history.broken is not None:
                raise history.broken
            left = _left(history, begun, within)
            if left <= 0:
                raise failure(WaitTimeout, within, f"not seen within {within:g} s")
            history.arrival.wait(left)


def _left(history: History, begun: float, within: float) -> float:
    """Seconds until a wait has been in vain: counted from when there was last an API server to see anything by."""
    now = history.clock()
    seeing_since = now if history.blind else history.sight_since
    return min(max(begun, seeing_since), begun + AWAY) + within - now


def _decided(history: History, found: object, begun: float) -> float:
    """When that arrived which let a wait end: what was found, or else the newest of all; not before it began."""
    arrived = found.at if isinstance(found, Version) and found.at > begun else history.arrived_at
    return max(begun, arrived)
