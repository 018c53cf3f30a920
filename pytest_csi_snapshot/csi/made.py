"""What a test has made by CSI calls, and its way out: the last thing first.

Learns of it from the answers themselves, so that also what a plugin should have refused is removed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from pytest_csi_snapshot.csi.calls import INDEFINITE, Answer, Code
from pytest_csi_snapshot.csi.inputs import Inputs
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.redacting import REDACTOR

Ask = Callable[[Message], Answer[Any]]


@dataclass(frozen=True)
class Made:
    """A volume, a snapshot or a group, by its id; ``members`` are the snapshots of a group."""

    kind: str
    id: str
    members: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class MadeThings:
    """In order of creation."""

    def __init__(self) -> None:
        self._things: dict[tuple[str, str], Made] = {}
        self._members: set[str] = set()
        self.seen: set[tuple[str, str]] = set()
        """(kind, id) of everything that was ever made, removed or not."""
        self._doubtful: dict[str, Message] = {}

    def note(self, answer: Answer[Any]) -> None:
        """Take from an answer what was made, or removed."""
        request, response = answer.request, answer.response
        if answer.method.startswith("Create") and (name := getattr(request, "name", "")):
            self._doubtful.pop(f"{answer.method} {name}", None)
            if answer.code in INDEFINITE:
                self._doubtful[f"{answer.method} {name}"] = request
        if not answer.ok:
            return
        if isinstance(response, csi_pb2.CreateVolumeResponse):
            self._add(Made("volume", response.volume.volume_id))
        elif isinstance(response, csi_pb2.CreateSnapshotResponse):
            self._add(Made("snapshot", response.snapshot.snapshot_id))
        elif isinstance(response, csi_pb2.CreateVolumeGroupSnapshotResponse):
            group = response.group_snapshot
            members = tuple(each.snapshot_id for each in group.snapshots)
            self._members.update(members)
            self.seen.update(("snapshot", member) for member in members)
            self._add(Made("group snapshot", group.group_snapshot_id, members))
        elif isinstance(request, csi_pb2.DeleteVolumeRequest):
            self._things.pop(("volume", request.volume_id), None)
        elif isinstance(request, csi_pb2.DeleteSnapshotRequest):
            self._things.pop(("snapshot", request.snapshot_id), None)
        elif isinstance(request, csi_pb2.DeleteVolumeGroupSnapshotRequest):
            self._things.pop(("group snapshot", request.group_snapshot_id), None)

    def remove(self, ask: Ask, inputs: Inputs, *, within: float) -> list[str]:
        """Remove everything; returns what stays, each with the answer. Raises DeadPluginError.

        A removal that is answered by "still at work" must be done ``within`` seconds.
        """
        for request in list(self._doubtful.values()):  # only asking again tells what became of it
            for _ in _until_definite(ask, request, within):
                pass
        left: dict[Made, Answer[Any]] = {}
        while True:
            before = len(self._things)
            for thing in reversed(list(self._things.values())):
                request = removal(thing, inputs)
                for answer in _until_definite(ask, request, within):
                    left[thing] = answer
            if not self._things:
                return []
            if len(self._things) == before:  # a snapshot that something was made from goes after it
                stay = [f"{thing}: {left[thing].method} answered {left[thing]}" for thing in self._things.values()]
                return [*stay, *(f"perhaps {what}" for what in self._doubtful)]

    def _add(self, thing: Made) -> None:
        REDACTOR.rename("handle", thing.id)
        if thing.id:
            self.seen.add((thing.kind, thing.id))
            self._things.setdefault((thing.kind, thing.id), thing)


def removal(thing: Made, inputs: Inputs) -> Message:
    """The request that removes a thing."""
    if thing.kind == "volume":
        return csi_pb2.DeleteVolumeRequest(volume_id=thing.id, secrets=inputs.secrets_for("DeleteVolume"))
    if thing.kind == "snapshot":
        return csi_pb2.DeleteSnapshotRequest(snapshot_id=thing.id, secrets=inputs.secrets_for("DeleteSnapshot"))
    return csi_pb2.DeleteVolumeGroupSnapshotRequest(
        group_snapshot_id=thing.id,
        snapshot_ids=thing.members,
        secrets=inputs.secrets_for("DeleteVolumeGroupSnapshot"),
    )


def pauses(seconds: float) -> Iterator[float]:
    """Sleep before each of the next tries, longer each time, until ``seconds`` have passed.

    CSI has no event to wait on: a caller that was told "still at work" asks again.
    """
    last, pause = time.monotonic() + seconds, 0.05
    while time.monotonic() < last:
        time.sleep(pause)
        yield pause
        pause = min(2 * pause, 2.0)


def _until_definite(ask: Ask, request: Message, within: float) -> Iterator[Answer[Any]]:
    patience = pauses(within)
    while True:
        yield (answer := ask(request))
        if answer.code not in (*INDEFINITE, Code.RESOURCE_EXHAUSTED) or next(patience, None) is None:
            return
