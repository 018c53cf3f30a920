"""A driver that answers as the class of a test asks, call by call.

A StorageClass or VolumeSnapshotClass says so in its parameters, which the calls of creation bring along:

    answers: CreateSnapshot=UNAVAILABLE*2 ControllerExpandVolume=ABORTED*1
    omits: content_source                 fields left out of the answer
    takes: "5"                            seconds that CreateSnapshot takes
    ready_after: "3"                      seconds from the cut until the snapshot may be restored
    held_by: restores                     DeleteSnapshot is refused while a volume made of the snapshot is there
    tells: parameters                     what ``answers`` says has the other parameters that came with the call

What is scripted for one object holds for that object alone, for as long as the process lives.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal, invalid
from ..wire import csi_pb2
from .trait import Method, Trait, wrap

if TYPE_CHECKING:
    from ..driver.services import Services

ANSWERS, OMITS, TAKES, READY_AFTER, HELD_BY, TELLS = "answers", "omits", "takes", "ready_after", "held_by", "tells"
_LINES = (ANSWERS, OMITS, TAKES, READY_AFTER, HELD_BY, TELLS)
_ANSWER = re.compile(r"([A-Za-z]+)=([A-Z_]+)\*(\d+)")
_TICK = 0.05
"""Seconds between two looks at whether a caller has hung up: gRPC tells nobody who waits."""
_ALL = 1 << 30
"""More calls than anybody makes: ``*0`` stands for it."""


@dataclass
class Script:
    """What is left to be done for one object. ``began`` is the monotonic time of its first call."""

    answers: dict[str, tuple[grpc.StatusCode, int]] = field(default_factory=dict)
    omits: frozenset[str] = frozenset()
    takes: float = 0.0
    ready_after: float = 0.0
    held: bool = False
    told: str = ""
    began: float = field(default_factory=time.monotonic)
    calls: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Script:
        """Raises Refusal INVALID_ARGUMENT for a line that means nothing."""
        answers = {}
        for word in parameters.get(ANSWERS, "").split():
            found = _ANSWER.fullmatch(word)
            if found is None or found[2] not in grpc.StatusCode.__members__:
                raise invalid(f"invalid parameter {ANSWERS}: {word!r} is not of the form METHOD=CODE*NUMBER")
            answers[found[1]] = (grpc.StatusCode[found[2]], int(found[3]) or _ALL)
        omits = frozenset(parameters.get(OMITS, "").split())
        held = parameters.get(HELD_BY) == "restores"
        others = " ".join(f"{key}={parameters[key]}" for key in sorted(parameters) if key not in _LINES)
        told = f", told {others}" if parameters.get(TELLS) == "parameters" else ""
        return cls(answers, omits, _seconds(parameters, TAKES), _seconds(parameters, READY_AFTER), held, told)

    def take_turn(self, method: str) -> None:
        """Count a call; raises Refusal where the script has an error for it.

        The text tells the calls apart, and when each came: who looks from outside sees the pace of the retries.
        """
        number = self.calls[method] = self.calls.get(method, 0) + 1
        code, times = self.answers.get(method, (grpc.StatusCode.OK, 0))
        if number <= times:
            at = time.monotonic() - self.began
            raise Refusal(code, f"scripted answer to {method}: call {number} at {at:.3f} s{self.told}")


class Scripted(Trait):
    """It fails, waits and leaves out what the parameters of a class say."""

    name = "scripted"

    def __init__(self, value: str = "") -> None:
        super().__init__(value)
        self._guard = threading.Lock()
        self._scripts: dict[str, Script] = {}
        """By the name that an object is created by, and by the id that it got."""
        self._restored: dict[str, str] = {}
        """Volume id -> id of the snapshot that it was made of."""

    def apply(self, services: Services) -> None:
        wrap(services.controller, "CreateVolume", self._create_volume)
        wrap(services.controller, "CreateSnapshot", self._create_snapshot)
        for method, identifier in (
            ("DeleteVolume", "volume_id"),
            ("ControllerExpandVolume", "volume_id"),
            ("DeleteSnapshot", "snapshot_id"),
        ):
            wrap(services.controller, method, self._later(method, identifier))

    def _begin(self, name: str, request: Any) -> Script:
        """The script of an object that is being created; its lines are taken out of the request."""
        found = Script.of(request.parameters)
        for parameter in _LINES:
            request.parameters.pop(parameter, None)
        with self._guard:
            return self._scripts.setdefault(name, found)

    def _later(self, method: str, identifier: str) -> Any:
        def call(clean: Method, request: Any, context: Any) -> Any:
            with self._guard:
                script = self._scripts.get(getattr(request, identifier))
            if script:
                script.take_turn(method)
            if method == "DeleteSnapshot" and script and script.held:
                self._refuse_while_restored(request.snapshot_id)
            answer = clean(request, context)
            if method == "DeleteVolume":
                with self._guard:
                    self._restored.pop(request.volume_id, None)
            return answer

        return call

    def _refuse_while_restored(self, snapshot: str) -> None:
        with self._guard:
            users = sorted(volume for volume, source in self._restored.items() if source == snapshot)
        if users:
            raise Refusal(
                grpc.StatusCode.FAILED_PRECONDITION, f"snapshot {snapshot} is used by {', '.join(users)}"
            )

    def _create_volume(self, clean: Method, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
        script = self._begin(f"volume {request.name}", request)
        script.take_turn("CreateVolume")
        answer: csi_pb2.CreateVolumeResponse = clean(request, context)
        with self._guard:
            self._scripts[answer.volume.volume_id] = script
            self._restored[answer.volume.volume_id] = request.volume_content_source.snapshot.snapshot_id
        for name in script.omits & {"content_source"}:
            answer.volume.ClearField(name)
        return answer

    def _create_snapshot(self, clean: Method, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
        """A slow one is cut at once, and the answer comes late: its caller may have hung up and called again."""
        script = self._begin(f"snapshot {request.name}", request)
        script.take_turn("CreateSnapshot")
        answer: csi_pb2.CreateSnapshotResponse = clean(request, context)
        with self._guard:
            self._scripts[answer.snapshot.snapshot_id] = script
        while (now := time.monotonic()) < script.began + script.takes:
            if not context.is_active():
                raise Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, f"snapshot {request.name} is still being made")
            time.sleep(_TICK)
        for name in script.omits & {"creation_time", "size_bytes"}:
            answer.snapshot.ClearField(name)
        answer.snapshot.ready_to_use = answer.snapshot.ready_to_use and now >= script.began + script.ready_after
        return answer


def _seconds(parameters: Mapping[str, str], name: str) -> float:
    try:
        return float(parameters.get(name) or 0)
    except ValueError:
        raise invalid(f"invalid parameter {name}: {parameters[name]!r} is not a number of seconds") from None
