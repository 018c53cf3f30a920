"""What keeps a volume that is to go, and whose part it is to let it go.

Read once, when a wait for its end was in vain: the wait itself needs only the volume, and a volume that stays says
nothing of why. A released PersistentVolume goes after its last attachment, by the provisioner's DeleteVolume. What
a driver refuses is its own part: controllers repeat its answer, with the code of gRPC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import EVENT, PV, PVC, SNAPSHOT, VOLUME_ATTACHMENT, Kind
from pytest_csi_snapshot.observing import short
from pytest_csi_snapshot.requirements import OWNERS

Json = dict[str, Any]

HOME_OF_EVENTS = "default"
"""Namespace of the events about objects that are in none."""

ANSWER = "rpc error: code = "
"""How an answer of a driver begins wherever a controller repeats it."""

HOLDERS = {
    "kubernetes.io/pvc-protection": "CORE",
    "snapshot.storage.kubernetes.io/pvc-as-source-protection": "SC",
    "snapshot.storage.kubernetes.io/pvc-as-group-source-protection": "SC",
    "provisioner.storage.kubernetes.io/cloning-protection": "EP",
    "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection": "EP",
}
"""Finalizer of a claim or a snapshot -> who has to take it away; for others that depends on what else there is."""

_FAILED_DELETE = "VolumeFailedDelete"
"""Reason of the event by which external-provisioner tells that a volume is not deleted."""


class Reader(Protocol):
    """Lists objects; raises ApiError, ApiUnreachableError."""

    def list(self, kind: Kind, namespace: str | None = None, **query: Any) -> list[Json]: ...


@dataclass(frozen=True)
class Hold:
    """``text`` is what was seen, ``blame`` whose part the next step is: keys of OWNERS."""

    text: str
    blame: str


def hold_on(api: Reader, version: Version) -> Hold | None:
    """What keeps a volume, a claim or a snapshot; None where that is not told by what is read here.

    Raises ApiError, ApiUnreachableError.
    """
    if version.kind in (PVC, SNAPSHOT):
        return _held(version.object["metadata"])
    if version.kind != PV:
        return None
    attachments = attachments_of(version.name, api.list(VOLUME_ATTACHMENT))
    about = f"involvedObject.uid={version.uid},reason={_FAILED_DELETE}"
    return hold_of_released(
        attachments, [] if attachments else api.list(EVENT, HOME_OF_EVENTS, fieldSelector=about)
    )


def hold_of_released(attachments: Sequence[Json], events: Iterable[Json]) -> Hold:
    """What keeps a released volume, by its attachments and the events about it."""
    if attachments:
        going = [body for body in attachments if "deletionTimestamp" in body["metadata"]]
        return _attached([*going, *attachments][0])
    if refused := [body for body in events if body.get("reason") == _FAILED_DELETE]:
        last = max(refused, key=lambda body: str(body.get("lastTimestamp") or body.get("eventTime") or ""))
        message = str(last.get("message", ""))
        return Hold(f"event {_FAILED_DELETE}: {message}", _driver_or("EP", message))
    return Hold("not attached, and no event tells of a DeleteVolume that failed", "EP")


def attachments_of(volume: str, attachments: Iterable[Json]) -> list[Json]:
    """Those of a PersistentVolume, by its name."""
    return [body for body in attachments if body["spec"]["source"].get("persistentVolumeName") == volume]


def _held(meta: Json) -> Hold | None:
    """By whose finalizers alone an object that is to go is held."""
    if "deletionTimestamp" not in meta:
        return None
    finalizers = meta.get("finalizers") or []
    holders = {HOLDERS.get(name, "") for name in finalizers}
    holder = holders.pop() if len(holders) == 1 else ""
    return Hold(f"its finalizers are {OWNERS[holder]}'s to take away", holder) if holder else None


def _attached(attachment: Json) -> Hold:
    """The detaching is asked for by the control plane, and done by the attacher and its driver."""
    meta = attachment["metadata"]
    named = f"VolumeAttachment {meta['name']} to node {attachment['spec']['nodeName']}"
    if "deletionTimestamp" not in meta:
        return Hold(f"{named} stands, and nobody has asked for its deletion", "CORE")
    finalizers = [short(name) for name in meta.get("finalizers", [])]
    error: Mapping[str, Any] = (attachment.get("status") or {}).get("detachError") or {}
    if error:
        message = str(error.get("message", ""))
        return Hold(f"{named} is terminating, detachError: {message}", _driver_or("EA", message))
    return Hold(f"{named} is terminating, finalizers {finalizers}, no detachError", "EA")


def _driver_or(controller: str, message: str) -> str:
    return "DRV" if ANSWER in message else controller
