"""Core/v1 Events, sent from a thread of their own so that no worker waits for them.

As with the upstream recorder an event that repeats (same object, type, reason and text) raises the count
of the first one, and an object that floods is cut off: 25 at once, then one in five minutes. An API server that is
away for a moment is asked again: what went wrong meanwhile is told by nothing else.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from . import objects
from .client import Json, KubeClient
from .errors import ApiError, ApiUnreachableError
from .kinds import EVENT

K = TypeVar("K")
V = TypeVar("V")

NORMAL = "Normal"
WARNING = "Warning"

_REMEMBERED = 4096
"""Events, and objects with a budget, kept in mind."""
_BURST = 25
_REFILL_S = 300.0

_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
"""Before each further try of one event: together longer than a restart of an API server takes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Note:
    about: Json
    type: str
    reason: str
    message: str
    at: float

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return objects.uid(self.about), self.type, self.reason, self.message


class Budget:
    """How many events one object may still send: ``_BURST``, one more each ``_REFILL_S`` seconds."""

    def __init__(self, now: float) -> None:
        self._tokens = float(_BURST)
        self._at = now

    def spend(self, now: float) -> bool:
        """Take one; False where none is left."""
        self._tokens = min(_BURST, self._tokens + (now - self._at) / _REFILL_S)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Recorder:
    """Sends events about objects in the name of one component."""

    def __init__(self, client: KubeClient, component: str) -> None:
        self._client = client
        self._component = component
        self._queue: queue.SimpleQueue[_Note | threading.Event | None] = queue.SimpleQueue()
        self._sent: OrderedDict[tuple[str, str, str, str], Json] = OrderedDict()
        self._budgets: OrderedDict[str, Budget] = OrderedDict()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Send what is queued, for at most ``timeout`` seconds."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def event(self, about: Json, type_: str, reason: str, message: str) -> None:
        """Say something about an object; never blocks and never fails."""
        log.info('event: %s %s "%s" %s: %s', about["kind"], objects.key(about), type_, reason, message)
        self._queue.put(_Note(about, type_, reason, message, time.time()))

    def flush(self, timeout: float) -> None:
        """Wait until the events of before are sent, for at most ``timeout`` seconds."""
        reached = threading.Event()
        self._queue.put(reached)
        reached.wait(timeout)

    def _run(self) -> None:
        while note := self._queue.get():
            if isinstance(note, threading.Event):
                note.set()
                continue
            try:
                self._send(note)
            except (ApiError, ApiUnreachableError) as error:
                # An event is a courtesy: a refusal of one must not hold up the next.
                log.warning("event %s about %s not sent: %s", note.reason, objects.key(note.about), error)

    def _send(self, note: _Note) -> None:
        owner = objects.uid(note.about)
        if not _remembered(self._budgets, owner, Budget(note.at)).spend(note.at):
            return
        body = self._body(note)
        for pause in _PAUSES_S:
            try:
                self._write(note, body)
                return
            except (ApiError, ApiUnreachableError) as error:
                if isinstance(error, ApiError) and not error.busy:
                    raise
                if self._stopping.wait(pause):
                    raise
        self._write(note, body)

    def _write(self, note: _Note, body: Json) -> None:
        earlier = self._sent.get(note.identity)
        if earlier:
            self._sent[note.identity] = self._repeat(earlier, note) or self._made(body)
        else:
            _remembered(self._sent, note.identity, self._made(body))

    def _made(self, body: Json) -> Json:
        """The event, which a try whose answer was lost may have made before."""
        try:
            return self._client.create(EVENT, body)
        except ApiError as error:
            if not error.exists:
                raise
            return body

    def _repeat(self, earlier: Json, note: _Note) -> Json | None:
        """Count one more; None where the earlier event has expired."""
        body = {"count": int(earlier.get("count") or 1) + 1, "lastTimestamp": _stamp(note.at)}
        try:
            return self._client.patch(EVENT, objects.namespace(earlier), objects.name(earlier), body)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def _body(self, note: _Note) -> Json:
        about = note.about
        space = objects.namespace(about)
        reference = {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": objects.name(about),
            "uid": objects.uid(about),
            "resourceVersion": about["metadata"].get("resourceVersion"),
        }
        if space:
            reference["namespace"] = space
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{objects.name(about)}.{time.time_ns():x}",
                # Events about cluster-scoped objects lie in "default" (clause ERR-002).
                "namespace": space or "default",
            },
            "involvedObject": reference,
            "type": note.type,
            "reason": note.reason,
            "message": note.message[:1024],
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": "",
            "firstTimestamp": _stamp(note.at),
            "lastTimestamp": _stamp(note.at),
            "count": 1,
        }


def _remembered(known: OrderedDict[K, V], key: K, value: V) -> V:
    kept = known.setdefault(key, value)
    known.move_to_end(key)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
    return kept


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
