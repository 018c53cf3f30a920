"""Keeps a history fed: one thread per watch, begun at the current resourceVersion, with bookmarks.

A watch that the server or the network ends is taken up again where it stopped; only where the server has
forgotten that place (410) is the collection listed anew, and then a gap is recorded: what happened in it
nobody can know. A watch that finds no server for a minute is lost, and says so to every wait.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import cast

import urllib3

from pytest_csi_snapshot.history import Change, History, Json
from pytest_csi_snapshot.kube.client import Keep, KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.kube.repeating import lost, repeating

PATIENCE = 60.0
"""Seconds without any answer after which a watch is given up."""


SILENCE = 20.0
"""Seconds of silence after which a stream is opened anew: a connection may die without a word, and whoever waits
would take that for the driver's silence. Shorter than any wait on a cluster that is not on this machine."""


TURN = 15
"""Seconds after which the server is to end a stream. Two seconds before it sends a bookmark, so that a watch that
has nothing to tell goes on from where the others are: the server remembers only the last hundreds of events."""


class WatchLostError(Exception):
    """The API server answered a watch no longer: no verdict is possible from here on."""


@dataclass(frozen=True)
class Scope:
    """What one watch looks at. ``keep`` narrows what selectors cannot: other people's objects stay unseen."""

    kind: Kind
    namespace: str | None = None
    label_selector: str = ""
    field_selector: str = ""
    keep: Keep = bool

    @property
    def query(self) -> dict[str, str]:
        selectors = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector}
        return {name: value for name, value in selectors.items() if value}


class Watch:
    """One watch and its thread. ``start`` returns once nothing that happens from now on can be missed."""

    def __init__(self, client: KubeClient, history: History, scope: Scope) -> None:
        self._client = client
        self._history = history
        self._scope = scope
        self._version = ""
        self._seen: dict[str, Json] = {}
        self._silent_since: float | None = None
        self._failed = False
        """The last attempt to follow has failed; a second one in a row finds no server."""
        self._ending = threading.Event()
        self._response: urllib3.BaseHTTPResponse | None = None
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"watch-{scope.kind.plural}", daemon=True)

    def start(self, *, with_past: bool = False) -> None:
        """Begin at the current resourceVersion; ``with_past`` records what exists already as well."""
        if with_past:
            self._take_in(*repeating(lost)(self._present))
        else:
            # Whose object comes back does not matter, so no label selects it: a server that reads it from its
            # store would otherwise go through those of everybody to find none of ours.
            query = {"fieldSelector": self._scope.field_selector} if self._scope.field_selector else {}
            path = self._scope.kind.path(self._scope.namespace)
            page = repeating(lost)(self._client.request, "GET", path, query={**query, "limit": 1})
            self._version = page["metadata"]["resourceVersion"]
        self._thread.start()

    def stop(self) -> None:
        """End the watch and its thread."""
        self._ending.set()
        with self._guard:
            if isinstance(self._response, urllib3.HTTPResponse):
                _shut(self._response)
        self._thread.join(timeout=5)

    def _opened(self, response: urllib3.BaseHTTPResponse) -> None:
        self._failed = False
        self._history.regain_sight(self)
        with self._guard:
            self._response = response
        if self._ending.is_set() and isinstance(response, urllib3.HTTPResponse):
            _shut(response)

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # a thread has no caller: whoever waits on the history must get it
            lost = WatchLostError(f"the watch of {self._scope.kind.plural} is lost: {error}")
            lost.__cause__ = error
            if not self._ending.is_set():
                self._history.break_off(lost)
        finally:
            self._history.regain_sight(self)

    def _follow(self) -> None:
        forgotten = ""
        while not self._ending.is_set():
            try:
                if forgotten:
                    self._resume_after_gap(forgotten)
                    forgotten = ""
                self._stream()
            except (ApiError, ApiUnreachableError) as error:
                if isinstance(error, ApiError) and error.gone:
                    forgotten = error.message
                    continue
                if (isinstance(error, ApiError) and not error.busy) or self._out_of_patience():
                    raise
                if self._failed:
                    self._history.lose_sight(self)
                self._failed = True
                # A pause before the next attempt, cut short by stop(): a server gives no event when it is back.
                self._ending.wait(0.2)

    def _out_of_patience(self) -> bool:
        now = self._history.clock()
        if self._silent_since is None:
            self._silent_since = now
        return not self._ending.is_set() and now - self._silent_since > PATIENCE

    def _stream(self) -> None:
        scope = self._scope
        events = self._client.watch_shutdown(
            self._opened,
            scope.kind,
            scope.namespace,
            silence=SILENCE,
            resourceVersion=self._version,
            timeoutSeconds=TURN,
            **scope.query,
        )
        for event in events:
            self._silent_since = None
            body = event["object"]
            if event["type"] != "BOOKMARK":
                self._record(cast(Change, event["type"]), body)
            self._version = body["metadata"]["resourceVersion"]
        self._silent_since = None  # it had nothing to tell, and ended the stream in good order

    def _record(self, change: Change, body: Json) -> None:
        if not self._concerns_us(body):
            return
        uid = body["metadata"]["uid"]
        if change == "DELETED":
            self._seen.pop(uid, None)
        else:
            self._seen[uid] = body
        self._history.record(self._scope.kind, change, body)

    def _resume_after_gap(self, reason: str) -> None:
        before = dict(self._seen)
        found, version = self._present()
        with self._history.arrival:  # nobody may look between the gap and what is there after it
            self._history.record_gap(self._scope.kind, self._scope.namespace or "", reason)
            present = self._take_in(found, version)
            for uid, body in before.items():
                if uid not in present:
                    self._record("DELETED", body)

    def _present(self) -> tuple[list[Json], str]:
        """What there is now of what is looked at, and the resourceVersion that it was listed at."""
        scope = self._scope
        return self._client.collect(scope.kind, scope.namespace, keep=self._concerns_us, **scope.query)

    def _concerns_us(self, body: Json) -> bool:
        return body["metadata"]["uid"] in self._seen or self._scope.keep(body)

    def _take_in(self, found: list[Json], version: str) -> set[str]:
        """Record everything that a list brought; the uids of it."""
        for item in found:
            self._record("MODIFIED" if item["metadata"]["uid"] in self._seen else "ADDED", item)
        self._version = version
        return {item["metadata"]["uid"] for item in found}


def _shut(response: urllib3.HTTPResponse) -> None:
    """End a stream, whoever reads it; one that has just ended by itself has no socket left, and says so.

    It may end between two steps of this, too: then the socket is closed, or what would shut it is gone.
    """
    with contextlib.suppress(ValueError, RuntimeError, OSError, TypeError):
        response.shutdown()
