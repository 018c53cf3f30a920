"""Jitter: no fault, but slow and unsteady behaviour that is correct. No clause may turn red under it.

Each wraps what all calls of its role go through, so it acts on the whole process: a role has one to itself. That
of the API server is a span of time, which the embedded cluster is told.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from .fault import Fault

if TYPE_CHECKING:
    from ..controllers.kube.client import KubeClient, Watch
    from ..controllers.kube.events import Recorder
    from ..driver.services import Services

CALL_SECONDS = 5.0
"""Up to which each call of the driver is held up."""
WRITE_SECONDS = 0.5
"""Up to which each request of a controller to the API server is held up; it makes ten of them for one call."""
EVENT_SECONDS = 2.0
"""Up to which an event is held up, so that one overtakes another that is about something else."""
LOST = 0.1
"""The share of calls that fail once."""
WATCH_SECONDS = (3.0, 30.0)
"""After which a watch is cut."""
LIFE_SECONDS = (90.0, 360.0)
"""After which a leader ends itself, in every second life: another one begins, or itself again."""
SERVER_SECONDS = (90.0, 300.0)
"""After which an API server, once it is ready, is ended and begun again; leaders may lose their lease by it.

Neither sooner: a node doubles its pause before each restart, and a leader that is away for minutes is no slow one.
"""


class Jitter(Fault):
    """Correct, and slow or unsteady in one role."""

    breaks = ()
    kind = "jitter"


class SlowCalls(Jitter):
    """Each call takes up to 5 s longer, and one in ten is refused once with Unavailable or Aborted."""

    name = "jitter-driver"
    component = "driver"

    def apply(self, target: Services) -> None:
        """Hold up every call of every service, in the thread that serves it."""
        once = Once()
        for service in (target.identity, target.controller, target.groups, target.node):
            for method in dir(service):
                if method[0].isupper():
                    vars(service)[method] = _unsteady(once, method, getattr(service, method))


class UnsteadyController(Jitter):
    """Requests are slow, one in ten is lost once, watches are cut, events late; now and then it restarts."""

    component: ClassVar[str]

    def apply(self, target: object) -> None:
        """Wrap the client, the watches and the events of this process; ``target`` is left as it is."""
        from ..controllers.kube.client import KubeClient, Watch
        from ..controllers.kube.events import Recorder

        _lose_writes(KubeClient)
        _cut(Watch)
        delay_events(Recorder)
        if random.random() < 0.5:
            _later(random.uniform(*LIFE_SECONDS), lambda: os.kill(os.getpid(), signal.SIGTERM))


class UnsteadySnapshotController(UnsteadyController):
    """The snapshot-controller is slow, loses watches and requests, and now and then restarts."""

    name = "jitter-snapshot-controller"
    component = "snapshot-controller"


class UnsteadySnapshotter(UnsteadyController):
    """The csi-snapshotter is slow, loses watches and requests, and now and then restarts."""

    name = "jitter-csi-snapshotter"
    component = "csi-snapshotter"


class UnsteadyProvisioner(UnsteadyController):
    """The csi-provisioner is slow, loses watches and requests, and now and then restarts."""

    name = "jitter-csi-provisioner"
    component = "csi-provisioner"


class UnsteadyAttacher(UnsteadyController):
    """The csi-attacher is slow, loses watches and requests, and now and then restarts."""

    name = "jitter-csi-attacher"
    component = "csi-attacher"


class UnsteadyResizer(UnsteadyController):
    """The csi-resizer is slow, loses watches and requests, and now and then restarts."""

    name = "jitter-csi-resizer"
    component = "csi-resizer"


class UnsteadyApiServer(Jitter):
    """The API server is ended now and then, and begun again: for seconds nobody is served, and all watches end."""

    name = "jitter-kube-apiserver"
    component = "kube-apiserver"

    def apply(self, target: dict[str, list[float]]) -> None:
        """Enter the program; the cluster restarts it, as this implementation has no part in it."""
        target[self.component] = list(SERVER_SECONDS)


class Once:
    """Which things have their bad luck now: each at most once, and one in ten at all."""

    def __init__(self, share: float = LOST) -> None:
        self._share = share
        self._met: set[object] = set()
        self._guard = threading.Lock()

    def strikes(self, what: object) -> bool:
        """Whether this one fails now; never when it comes again."""
        with self._guard:
            if what in self._met:
                return False
            self._met.add(what)
            return random.random() < self._share


def _unsteady(once: Once, method: str, clean: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    import grpc

    from ..driver.refusals import Refusal

    def call(request: Any, context: grpc.ServicerContext) -> Any:
        threading.Event().wait(random.uniform(0.0, CALL_SECONDS))
        if once.strikes((method, request.SerializeToString(deterministic=True))):
            code = random.choice((grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED))
            raise Refusal(code, "not now, ask again")
        return clean(request, context)

    return call


def _lose_writes(client: type[KubeClient]) -> None:
    from ..controllers.kube.errors import ApiUnreachableError

    once, clean = Once(), vars(client)["_request"]

    def request(self: KubeClient, method: str, path: str, **more: Any) -> Any:
        threading.Event().wait(random.uniform(0.0, WRITE_SECONDS))
        if method != "GET" and "/leases/" not in path and once.strikes((method, path)):
            raise ApiUnreachableError(f"{method} {path}: lost on the way")
        return clean(self, method, path, **more)

    type.__setattr__(client, "_request", request)


def _cut(watch: type[Watch]) -> None:
    clean = watch.__iter__

    def events(self: Watch) -> Iterator[Any]:
        timer = _later(random.uniform(*WATCH_SECONDS), self.stop)
        try:
            yield from clean(self)
        finally:
            timer.cancel()

    type.__setattr__(watch, "__iter__", events)


class Late:
    """What is done a little later: of one lane in the order in which it came, of two lanes in any.

    What its time has not come for is done at once where all is to end.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._lanes: defaultdict[Hashable, deque[Callable[[], None]]] = defaultdict(deque)

    def add(self, lane: Hashable, seconds: float, action: Callable[[], None]) -> None:
        """Do it after about so many seconds; ``action`` must be short, for the others wait for it."""
        with self._guard:
            self._lanes[lane].append(action)
        _later(seconds, lambda: self._do_next(lane))

    def hurry(self) -> None:
        """Do all that waits, now."""
        with self._guard:
            for lane in self._lanes.values():
                while lane:
                    lane.popleft()()

    def _do_next(self, lane: Hashable) -> None:
        # Whichever it was whose time has come, the one that came first is due.
        with self._guard:
            if waiting := self._lanes[lane]:
                waiting.popleft()()
            if not waiting:
                del self._lanes[lane]


def delay_events(recorder: type[Recorder]) -> None:
    """Late, not lost, and of one object in their order (SNAP-DYN-009): who ends tells first what is due."""
    late, clean, clean_stop = Late(), recorder.event, recorder.stop

    def event(self: Recorder, about: Any, *words: Any) -> None:
        uid = about["metadata"]["uid"]
        late.add(uid, random.uniform(0.0, EVENT_SECONDS), lambda: clean(self, about, *words))

    def stop(self: Recorder, timeout: float) -> None:
        late.hurry()
        clean_stop(self, timeout)

    type.__setattr__(recorder, "event", event)
    type.__setattr__(recorder, "stop", stop)


def _later(seconds: float, action: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer
