"""Whom it is to be blamed on that something did not come: read off the state in which an object got stuck.

A clause names all who may break it; where the objects show which of them it was that did not do its part, that one
alone is named. A driver is known by its answers: controllers repeat them, with the code of gRPC. Where the state
tells nothing, the clause's owners stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pytest_csi_snapshot.conditions import (
    BOUND,
    POD_DONE,
    POD_READY,
    POD_RUNNING,
    READY,
    capacity_of,
    error_of,
    request_of,
    resize_conditions,
    status_of,
)
from pytest_csi_snapshot.growing import NODE_STEP_DUE
from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.holding import ANSWER, HOLDERS, HOME_OF_EVENTS, attachments_of, hold_of_released
from pytest_csi_snapshot.kube.kinds import EVENT, PV, SNAPSHOT, SNAPSHOT_CONTENT, VOLUME_ATTACHMENT, Kind
from pytest_csi_snapshot.labels import referred
from pytest_csi_snapshot.ledger import BEING_DELETED
from pytest_csi_snapshot.requirements import catalogue

_FILLED_BY = {"VolumeSnapshot": "RES-001", "PersistentVolumeClaim": "CLN-001"}
"""Kind of a claim's source -> the clause that promises a volume with its data."""

Json = dict[str, Any]
Reader = Callable[[Kind, str | None], Sequence[Json]]
"""Kind and namespace (None: all) -> the objects that there are now: what no watch brings."""

_BEING_CREATED = "snapshot.storage.kubernetes.io/volumesnapshot-being-created"


_STEPS = (
    READY.text,
    BOUND.text,
    "Bound, or ",
    "its end",
    "no VolumeAttachment",
    "a capacity of at least",
    NODE_STEP_DUE.text,
    POD_DONE.text,
    POD_RUNNING.text,
    POD_READY.text,
)
"""How begins what can be awaited of an object that somebody has to bring on its way, as waits call it.

Of other things that do not come (an error, a finalizer, an event) its state tells nothing.
"""


_WRITERS = {
    "VolumeSnapshot": "SC",
    "VolumeGroupSnapshot": "SC",
    "VolumeSnapshotContent": "SS",
    "VolumeGroupSnapshotContent": "SS",
}


def culprit(history: History, uid: str, awaited: str, read: Reader) -> str:
    """The component (a key of OWNERS) on which an object waits in vain; "" where its state tells nothing."""
    latest = history.latest(uid)
    if latest is None or latest.deleted or not awaited.startswith(_STEPS):
        return ""
    scene = _Scene(history, read)
    judge = _JUDGES.get(latest.kind.kind)
    return judge(scene, latest) if judge else ""


def unready_handle(history: History, uid: str) -> str:
    """The handle of a snapshot that is cut and neither ready nor failed, by its content; "" where it is not so.

    Either the driver does not have it ready, or the sidecar does not ask again: only the driver can tell which.
    """
    content = _content_behind(history, uid)
    status = status_of(content.object) if content else {}
    return "" if status.get("readyToUse") or status.get("error") else str(status.get("snapshotHandle") or "")


def unfound_handle(history: History, uid: str) -> str:
    """The handle by which a snapshot or content is imported that does not become ready; "" where it is none.

    Either the driver does not know it, or the sidecar has not asked, or not for this one.
    """
    content = _content_behind(history, uid)
    if content is None or content.deleted or _is_leaving(content) or READY.holds(content.object):
        return ""
    return str((content.object["spec"].get("source") or {}).get("snapshotHandle") or "")


def undeleted_handle(history: History, uid: str) -> str:
    """The handle of the snapshot whose deletion a leaving VolumeSnapshot or content waits for; "" for none.

    Either the driver does not delete it, or the sidecar does not ask: its event does not say why it failed.
    """
    content = _content_behind(history, uid)
    if content is None or content.deleted or not _is_leaving(content):
        return ""
    marked = BEING_DELETED in (content.object["metadata"].get("annotations") or {})
    due = marked and content.object["spec"].get("deletionPolicy") == "Delete"
    return str(status_of(content.object).get("snapshotHandle") or "") if due else ""


def _content_behind(history: History, uid: str) -> Version | None:
    """The content of this uid, or that of the snapshot of this uid."""
    own = history.latest(uid)
    return own if own and own.kind == SNAPSHOT_CONTENT else _Scene(history, lambda *_: ()).content_of(uid)


def uncut_volume(history: History, uid: str) -> str:
    """The handle of the volume that a snapshot without a handle is to be cut of; "" where it has one."""
    content = _content_behind(history, uid)
    if content is None or status_of(content.object).get("snapshotHandle"):
        return ""
    return str((content.object["spec"].get("source") or {}).get("volumeHandle") or "")


def handles_in(history: History) -> set[str]:
    """The handles of all snapshots that a content has told of."""
    contents = (versions[-1].object for versions in history.objects(SNAPSHOT_CONTENT))
    return {handle for body in contents if (handle := str(status_of(body).get("snapshotHandle") or ""))}


def promised(history: History, uid: str) -> str:
    """The clause that promises the step which the object ``uid`` waits for; "" where none does."""
    latest = history.latest(uid)
    if latest is None or latest.deleted:
        return ""
    body, kind = latest.object, latest.kind.kind
    spec, leaving = body.get("spec") or {}, "deletionTimestamp" in body["metadata"]
    if kind == "VolumeSnapshot":
        named = (spec.get("source") or {}).get("volumeSnapshotContentName")
        return "DEL-001" if leaving else "SNAP-PRE-001" if named else "SNAP-DYN-004"
    if kind == "VolumeSnapshotContent":
        return "DEL-001" if leaving and spec.get("deletionPolicy") == "Delete" else ""
    if kind == "PersistentVolumeClaim" and not leaving:
        source = (spec.get("dataSourceRef") or {}).get("kind", "")
        return "EXP-005" if status_of(body).get("phase") == "Bound" else _FILLED_BY.get(source, "")
    return ""


def writer_of(clause: str, kind: Kind) -> str:
    """Of a clause that both snapshot controllers owe: the one that writes objects of ``kind``; "" for others."""
    known = catalogue().by_id.get(clause)
    return _WRITERS.get(kind.kind, "") if known and set(known.owners) == {"SC", "SS"} else ""


class _Scene:
    def __init__(self, history: History, read: Reader) -> None:
        self.history = history
        self._read = read

    def attachments(self, volume: str) -> list[Json]:
        """The VolumeAttachments of a volume, by its name."""
        return attachments_of(volume, self._read(VOLUME_ATTACHMENT, None))

    def content_of(self, uid: str) -> Version | None:
        return self._latest(SNAPSHOT_CONTENT, lambda body: referred(body).get("uid") == uid)

    def volume_of(self, uid: str) -> Version | None:
        return self._latest(PV, lambda body: referred(body).get("uid") == uid)

    def source_is_lost(self, claim: Version) -> bool:
        """The claim is to be filled from a snapshot whose content is gone: nobody could."""
        source = claim.object["spec"].get("dataSourceRef") or {}
        if source.get("kind") != SNAPSHOT.kind:
            return False
        snapshot = self.history.named(SNAPSHOT, source.get("namespace") or claim.namespace, source.get("name", ""))
        content = self.content_of(snapshot.uid) if snapshot else None
        return bool(content and content.deleted)

    def events(self, uid: str) -> list[Json]:
        """The events about an object."""
        first = (versions[0].object for versions in self.history.objects(EVENT))
        latest = self.history.latest(uid)
        found = [*first] if latest and latest.namespace else [*first, *self._read(EVENT, HOME_OF_EVENTS)]
        return [event for event in found if (event.get("involvedObject") or {}).get("uid") == uid]

    def told(self, uid: str) -> list[tuple[str, str]]:
        """(reason, message) of the events about an object."""
        return [(str(event.get("reason", "")), str(event.get("message", ""))) for event in self.events(uid)]

    def _latest(self, kind: Any, wanted: Callable[[Json], bool]) -> Version | None:
        found = (versions[-1] for versions in self.history.objects(kind))
        return next((version for version in found if wanted(version.object)), None)


def _of_snapshot(scene: _Scene, snapshot: Version) -> str:
    content = scene.content_of(snapshot.uid)
    return "SC" if content is None or content.deleted else _of_content(scene, content)


def _of_content(scene: _Scene, content: Version) -> str:
    body, marks = content.object, content.object["metadata"].get("annotations") or {}
    error = error_of(body)
    answered = _answered([error, *(message for _, message in scene.told(content.uid))])
    snapshot = scene.history.latest(str(referred(body).get("uid") or ""))
    if _is_leaving(content):
        return _of_leaving(body, marks, answered=answered)
    if snapshot and (snapshot.deleted or _is_leaving(snapshot)):
        return "SC"
    if answered:
        return "DRV"
    if READY.holds(body) or BEING_DELETED in marks:
        return "SC"
    if error:
        return "SS"
    if status_of(body).get("snapshotHandle") or _BEING_CREATED in marks:
        return "DRV"
    return "SS"


def _of_leaving(content: Json, marks: Json, *, answered: bool) -> str:
    """What the driver said counts only where it has a part: it has cut the snapshot, or may be at it."""
    if BEING_DELETED not in marks:
        return "SC"
    concerned = bool(status_of(content).get("snapshotHandle")) or _BEING_CREATED in marks
    return "DRV" if answered and concerned else "SS"


def _is_leaving(version: Version) -> bool:
    return "deletionTimestamp" in version.object["metadata"]


def _of_claim(scene: _Scene, claim: Version) -> str:
    body, meta = claim.object, claim.object["metadata"]
    if "deletionTimestamp" in meta:
        held = meta.get("finalizers") or []
        return next((HOLDERS[name] for name in reversed(held) if name in HOLDERS), "")
    told = scene.told(claim.uid)
    if _answered([message for _, message in told]):
        return "DRV"
    if status_of(body).get("phase") == "Bound":
        return _of_growth(scene, body, claim.uid)
    if scene.source_is_lost(claim):
        return ""
    volume, reasons = scene.volume_of(claim.uid), {reason for reason, _ in told}
    if volume is not None and not volume.deleted:
        return "CORE" if _fits(volume.object["spec"], body["spec"]) else "EP"
    return "DRV" if "Provisioning" in reasons and "ProvisioningFailed" not in reasons else "EP"


def _fits(volume: Json, claim: Json) -> bool:
    """Whether a volume may be bound to the claim that it was made for."""
    modes = set(claim.get("accessModes") or []) <= set(volume.get("accessModes") or [])
    same = all(volume.get(key) == claim.get(key) for key in ("volumeMode", "storageClassName"))
    return modes and same and capacity_of({"spec": volume}) >= request_of({"spec": claim})


def _of_growth(scene: _Scene, claim: Json, uid: str) -> str:
    volume, size = scene.volume_of(uid), request_of(claim)
    if capacity_of(claim) >= size and not resize_conditions(claim):
        return ""
    if volume is None or capacity_of(volume.object) < size:
        return "ER"
    return "" if "FileSystemResizePending" in resize_conditions(claim) else "ER"


def _of_volume(scene: _Scene, volume: Version) -> str:
    if status_of(volume.object).get("phase") == "Released":
        return hold_of_released(scene.attachments(volume.name), scene.events(volume.uid)).blame
    return "DRV" if _answered([message for _, message in scene.told(volume.uid)]) else ""


def _of_pod(scene: _Scene, pod: Version) -> str:
    return "DRV" if _answered([message for _, message in scene.told(pod.uid)]) else ""


def _answered(texts: Iterable[str]) -> bool:
    return any(ANSWER in text for text in texts)


_JUDGES: dict[str, Callable[[_Scene, Version], str]] = {
    "VolumeSnapshot": _of_snapshot,
    "VolumeSnapshotContent": _of_content,
    "PersistentVolumeClaim": _of_claim,
    "PersistentVolume": _of_volume,
    "Pod": _of_pod,
}
