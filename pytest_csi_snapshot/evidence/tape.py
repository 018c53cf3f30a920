"""The tape: what the running test does and waits for, as intervals of the monotonic clock.

A process runs one test at a time, so there is one tape, which begins anew with every test; between tests nothing
is kept. It is written by verbs, waits and clients wherever they are, and read once, when the test is over. Knows
neither pytest nor any cluster.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

StepListener = Callable[[str, str], AbstractContextManager[object]]
"""Given the verb and the text of a step; what it returns is entered before the step and left after it."""

WaitListener = Callable[[str, str, float], AbstractContextManager[object]]
"""The same around a wait: given whom it is about, what is awaited, and the limit in seconds."""


@dataclass(slots=True)
class TapedStep:
    """One call of a verb. ``depth`` counts the steps around it; ``ended`` is that of the tape while it goes on."""

    verb: str
    text: str
    began: float
    ended: float
    depth: int


@dataclass(slots=True)
class TapedWait:
    """One wait. ``history`` is where it looked, ``lane`` the uid of what it is about, "" for all of a test.

    ``decided`` is when that arrived which ended it; the beginning, where that had come before.
    """

    history: Any
    about: str
    lane: str
    awaited: str
    clause: str
    began: float
    ended: float
    decided: float
    came: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that somebody else had: an API request, a call of the driver."""

    began: float
    ended: float
    by: str


@dataclass
class _Threads(threading.local):
    depth: int = 0


@dataclass
class Tape:
    """Everything noted of one test. ``began`` is monotonic, ``wall`` the same moment as an ISO 8601 time."""

    running: bool = False
    began: float = 0.0
    wall: str = ""
    steps: list[TapedStep] = field(default_factory=list)
    waits: list[TapedWait] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    """Answers of the driver at its socket (``csi.calls.Answer``)."""
    corners: list[Any] = field(default_factory=list)
    """What was seen in the cluster, once the test has let go of it (``evidence.corners.Corner``)."""
    _thread: int = 0
    _step_listeners: list[StepListener] = field(default_factory=list)
    _wait_listeners: list[WaitListener] = field(default_factory=list)
    _threads: _Threads = field(default_factory=_Threads)

    # -- its life

    def begin(self) -> None:
        """Forget the last test; the calling thread is from now on the one that the next test runs in."""
        self.steps, self.waits, self.spans, self.calls, self.corners = [], [], [], [], []
        self.began, self.wall = time.monotonic(), datetime.now(UTC).isoformat(timespec="milliseconds")
        self._thread, self._threads.depth, self.running = threading.get_ident(), 0, True

    def end(self) -> None:
        """Note nothing until the next test begins."""
        self.running = False

    # -- listening

    def on_step(self, begin: StepListener) -> None:
        """Have every step of every test, in the thread of the test, take place inside what ``begin`` returns."""
        self._step_listeners.append(begin)

    def on_wait(self, begin: WaitListener) -> None:
        """The same with every wait."""
        self._wait_listeners.append(begin)

    # -- noting

    @contextmanager
    def step(self, verb: str, text: str) -> Iterator[None]:
        """Note a step around what happens inside."""
        here = self._threads
        step = TapedStep(verb, text, time.monotonic(), 0.0, here.depth)
        self.steps.append(step)
        here.depth += 1
        try:
            with self._inside(self._step_listeners, verb, text):
                yield
        finally:
            here.depth = step.depth
            step.ended = time.monotonic()

    def waiting(self, about: str, awaited: str, within: float) -> AbstractContextManager[object]:
        """What the listeners put around a wait."""
        return self._inside(self._wait_listeners, about, awaited, within)

    def waited(self, wait: TapedWait) -> None:
        """Note a wait that is over."""
        if self.running and threading.get_ident() == self._thread:
            self.waits.append(wait)

    def asked(self, began: float, by: str = "cluster") -> None:
        """Note that the test, and no thread beside it, has waited since ``began`` for an answer of somebody."""
        if self.running and threading.get_ident() == self._thread:
            self.spans.append(Span(began, time.monotonic(), by))

    @contextmanager
    def time_of(self, by: str) -> Iterator[None]:
        """Note what happens inside as the time of somebody else."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.asked(began, by)

    def called(self, answer: Any) -> None:
        """Note a call of the driver, from whatever thread."""
        if self.running:
            self.calls.append(answer)

    def let_go(self, corner: Any) -> None:
        """Keep what was seen in a corner of a cluster that the test has let go of."""
        if self.running:
            self.corners.append(corner)

    @contextmanager
    def _inside(self, listeners: list[Any], *told: object) -> Iterator[None]:
        if not listeners or threading.get_ident() != self._thread:
            yield
            return
        with ExitStack() as stack:
            for begin in listeners:
                stack.enter_context(begin(*told))
            yield


TAPE = Tape()
"""That of this process."""
