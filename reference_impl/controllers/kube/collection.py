"""All objects of one kind: a cache that a watch keeps fresh, and writes that survive conflicts.

The cache has two layers. What the watch delivered is the truth that handlers compare; what this process
wrote itself lies over it until the watch has caught up, so that a worker never acts on a state that it has
already changed. Cached objects are shared: whoever changes one works on a copy.
"""

from __future__ import annotations

import copy
import logging
import random
import threading
from collections.abc import Callable, Hashable

from . import objects
from .client import Json, KubeClient, Watch
from .errors import ApiError, ApiUnreachableError
from .index import Index, Reading
from .kinds import Kind

Handler = Callable[[Json | None, Json | None], None]
"""Called with (before, after) for each change; None before the first and after the last version."""

_RECONNECT_S = (0.1, 2.0)
"""First and longest pause before a broken watch is opened again."""
_REFUSED_S = (0.4, 1.6)
"""The same after an answer that is a refusal, such as 404 where the kind's CRD is not there (yet)."""
_WATCH_S = (300, 600)
"""How long a watch lasts: long enough to be cheap, and varied, so that not all are renewed at once."""
_ABSENT_S = 10.0
"""Between two questions for a kind that the API does not have: CRDs are installed by hand, once."""
_PAGE = 500
"""Objects of one answer to a list: of tens of thousands at once none may come before the client loses patience."""
_ATTEMPTS = 5
"""Tries of one write: each conflict means that somebody else made progress."""

log = logging.getLogger(__name__)


class Collection:
    """A cached kind. ``start`` lists and watches in a thread of its own; ``synced`` is set after the list.

    ``served`` is set before, by the first answer that has objects of the kind, or says that there are none.

    With ``labels`` (a label selector) only objects that have them are there. An ``optional`` kind may be one that
    the API server does not have: then the collection is empty, and filled when the kind appears.
    """

    def __init__(
        self,
        client: KubeClient,
        kind: Kind,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        optional: bool = False,
    ) -> None:
        self.client = client
        self.kind = kind
        self.served = threading.Event()
        self.synced = threading.Event()
        self._namespace = namespace
        self._query = {"labelSelector": labels} if labels else {}
        self._optional = optional
        self._absent = False
        self._handlers: list[Handler] = []
        self._lock = threading.Lock()
        self._seen: dict[str, Json] = {}
        self._written: dict[str, Json] = {}
        self._indices: dict[Reading, Index] = {}
        self._version = 0
        self._stopping = threading.Event()
        self._watch: Watch | None = None

    # ---- reading ----------------------------------------------------------------------------

    def get(self, key: str) -> Json | None:
        """The newest known version of an object (``objects.key``), or None."""
        with self._lock:
            return self._written.get(key) or self._seen.get(key)

    def find(self, name: str) -> Json | None:
        """An object of a kind without namespaces; where the cache has none, what the API server has now.

        So a class and the snapshot that names it can be created together: their watches are not one, and the
        later object may arrive first. Raises ApiError.
        """
        cached = self.get(name)
        if cached is not None:
            return cached
        try:
            return self._remember(self.client.get(self.kind, None, name))
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def all(self, namespace: str | None = None) -> list[Json]:
        """All objects, or those of one namespace."""
        if namespace is not None:
            return self.by(_namespaces, namespace)
        with self._lock:
            return list(self._newest().values())

    def by(self, read: Reading, value: Hashable) -> list[Json]:
        """The objects in which ``read`` finds the value, at a cost that does not grow with the number of others.

        The first question makes an index, and later ones find it by ``read``: a function of a module, therefore.
        """
        with self._lock:
            index = self._indices.get(read)
            if index is None:
                index = self._indices[read] = _indexed(read, self._newest())
            return [self._written.get(key) or self._seen[key] for key in index.keys(value)]

    def on_change(self, handler: Handler) -> None:
        """Call ``handler`` for every change; to be set before ``start``."""
        self._handlers.append(handler)

    # ---- writing ----------------------------------------------------------------------------

    def create(self, body: Json) -> Json:
        """Create an object; one of that name that exists already is refused (ApiError ``exists``)."""
        typed = {"apiVersion": self.kind.api_version, "kind": self.kind.kind, **body}
        return self._remember(self.client.create(self.kind, typed))

    def edit(self, obj: Json, change: Callable[[Json], bool], *, status: bool = False) -> Json:
        """Apply ``change`` to a copy of the object and write it, until no other writer comes between.

        ``change`` says whether it changed anything; if not, nothing is written. With ``status`` the status
        subresource is written, and only it. Raises ApiError, ``not_found`` also if the object was re-created.
        """
        current = self.get(objects.key(obj)) or obj
        for attempt in range(_ATTEMPTS):
            if objects.uid(current) != objects.uid(obj):
                raise ApiError(404, f"{self.kind} {objects.key(obj)} was re-created meanwhile")
            draft = copy.deepcopy(current)
            if not change(draft):
                return current
            try:
                return self._remember(
                    self.client.replace(self.kind, draft, subresource="status" if status else None)
                )
            except ApiError as error:
                if not error.conflict or attempt == _ATTEMPTS - 1:
                    raise
            current = self.client.get(self.kind, objects.namespace(obj), objects.name(obj))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def delete(self, obj: Json) -> None:
        """Ask for the deletion of exactly this object (by uid)."""
        self.client.delete(self.kind, objects.namespace(obj), objects.name(obj), uid=objects.uid(obj))

    def _remember(self, obj: Json) -> Json:
        """Keep an answer to our own write until the watch delivers it, unless the watch was faster."""
        with self._lock:
            if self.synced.is_set() and objects.version(obj) > self._version:
                key = objects.key(obj)
                self._written[key] = obj
                self._index(key)
        return obj

    # ---- watching ---------------------------------------------------------------------------

    def start(self) -> None:
        """List and watch in a daemon thread until ``stop``."""
        threading.Thread(target=self._run, name=f"watch-{self.kind.plural}", daemon=True).start()

    def stop(self) -> None:
        """End the watch; the cache stays readable."""
        self._stopping.set()
        watch = self._watch
        if watch:
            watch.stop()

    def _run(self) -> None:
        pause, listed = 0.0, False
        while not self._stopping.is_set():
            verb = "watch" if listed else "list"
            try:
                if not listed:
                    self._list()
                    listed, pause, verb = True, 0.0, "watch"
                self._follow()
                pause = 0.0
                continue
            except ApiError as error:
                # 410 means that the gap is too long; anything else may have left one, too.
                listed = False
                if self._optional and error.not_found:
                    self._miss()
                    self._stopping.wait(_ABSENT_S)
                    continue
                if error.gone:
                    log.info("%s: the watch fell behind; listing again", self.kind.resource)
                    continue
                pause = _longer(pause, _REFUSED_S)
                text = "cannot %s %s: the API server answers with %s; again in %.1f s"
                log.warning(text, verb, self.kind.resource, error.answer, pause)
            except ApiUnreachableError as error:
                if self._stopping.is_set():
                    return
                pause = _longer(pause, _RECONNECT_S)
                log.warning("cannot %s %s: %s; again in %.1f s", verb, self.kind.resource, error, pause)
            except Exception:
                # Without its watch a process would look alive and do nothing: list again, whatever it was.
                listed = False
                pause = _longer(pause, _RECONNECT_S)
                log.exception("watch of %s failed unexpectedly", self.kind.resource)
            self._stopping.wait(pause)

    def _list(self) -> None:
        typed = {"apiVersion": self.kind.api_version, "kind": self.kind.kind}
        fresh, query = dict[str, Json](), {**self._query, "limit": str(_PAGE)}
        while True:
            answer = self.client.list(self.kind, self._namespace, **query)
            self.served.set()
            fresh.update((objects.key(item), {**typed, **item}) for item in answer.get("items") or [])
            rest = answer["metadata"].get("continue")
            if not rest:
                break
            query["continue"] = rest
        if self._absent:
            self._absent = False
            log.info("the API server has %s now", self.kind.plural)
        self._refill(fresh, answer)

    def _miss(self) -> None:
        """The API server does not have the kind, so there is no object of it. Said once each time it is gone."""
        if not self._absent:
            self._absent = True
            log.info("the API server has no %s of %s; going on without", self.kind.plural, self.kind.api_version)
        self.served.set()
        self._refill({}, {"metadata": {}})

    def _refill(self, fresh: dict[str, Json], answer: Json) -> None:
        with self._lock:
            before, self._seen, self._written = self._seen, fresh, {}
            self._version = objects.version(answer)
            self._indices = {read: _indexed(read, fresh) for read in self._indices}
        self.synced.set()
        for key in before.keys() | fresh.keys():
            old, new = before.get(key), fresh.get(key)
            if old is None or new is None or objects.version(old) != objects.version(new):
                self._notify(old, new)

    def _follow(self) -> None:
        seconds = str(random.randint(*_WATCH_S))
        query = {"resourceVersion": str(self._version), "timeoutSeconds": seconds, **self._query}
        self._watch = self.client.watch(self.kind, self._namespace, **query)
        if self._stopping.is_set():
            self._watch.stop()
        for event in self._watch:
            self._take(event["type"], event["object"])

    def _take(self, event: str, obj: Json) -> None:
        key = objects.key(obj) if event != "BOOKMARK" else ""
        with self._lock:
            self._version = objects.version(obj)
            if event == "BOOKMARK":
                return
            before = self._seen.pop(key, None)
            if event != "DELETED":
                self._seen[key] = obj
            written = self._written.get(key)
            if written and (event == "DELETED" or objects.version(written) <= self._version):
                del self._written[key]
            self._index(key)
        self._notify(before, None if event == "DELETED" else obj)

    def _newest(self) -> dict[str, Json]:
        return {**self._seen, **self._written}

    def _index(self, key: str) -> None:
        newest = self._written.get(key) or self._seen.get(key)
        for index in self._indices.values():
            index.put(key, newest)

    def _notify(self, before: Json | None, after: Json | None) -> None:
        for handler in self._handlers:
            handler(before, after)


def _namespaces(obj: Json) -> tuple[str, ...]:
    return tuple(filter(None, [objects.namespace(obj)]))


def _indexed(read: Reading, every: dict[str, Json]) -> Index:
    index = Index(read)
    for key, obj in every.items():
        index.put(key, obj)
    return index


def _longer(pause: float, limits: tuple[float, float]) -> float:
    """The next pause: twice the last one, between the limits, and varied so that not all ask at once."""
    first, longest = limits
    return min(max(pause * 2, first), longest) * random.uniform(0.8, 1.2)
