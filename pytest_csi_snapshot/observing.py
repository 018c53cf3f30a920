"""One line on the state of an object: what a timeout error and a timeline say was seen.

Short on purpose: of each kind only the fields that a wait can be about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.kinds import EVENT, GROUP_CONTENT, PV, SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import referred

Json = dict[str, Any]


def describe(version: Version) -> str:
    """The state of one version, in the words of the API."""
    if version.deleted:
        return "gone"
    parts = _FIELDS.get(version.kind.kind, _nothing)(version.object)
    meta = version.object["metadata"]
    if "deletionTimestamp" in meta:
        parts.append(f"terminating, finalizers {[short(name) for name in meta.get('finalizers', [])]}")
    return ", ".join(parts) or "exists"


def observations(history: History, uid: str, since: int = 0) -> list[tuple[float, str]]:
    """The distinct states of an object from a position on: (seconds of the history's clock, text)."""
    seen: list[tuple[float, str]] = []
    for version in history.versions(uid, since):
        text = describe(version)
        if not seen or seen[-1][1] != text:
            seen.append((version.at, text))
    return seen


def story(history: History, uid: str) -> list[tuple[float, str]]:
    """The states of an object and of what belongs to it, and the events about it, in order of arrival.

    To a snapshot, single or group, belongs its content, to a claim its volume, and the other way round.
    """
    lines = observations(history, uid)
    latest = history.latest(uid)
    if owner := referred(latest.object).get("uid") if latest else None:
        found = history.latest(owner)
        name = f"{found.kind}: " if found else ""
        lines += [(at, f"{name}{text}") for at, text in observations(history, owner)]
        lines += _events_about(history, owner)
    lines += _events_about(history, uid)
    for kind in (SNAPSHOT_CONTENT, GROUP_CONTENT, PV):
        for versions in history.objects(kind):
            if referred(versions[-1].object).get("uid") == uid:
                lines += [(at, f"{kind}: {text}") for at, text in observations(history, versions[0].uid)]
    return sorted(lines)


def _events_about(history: History, uid: str) -> list[tuple[float, str]]:
    first = (versions[0] for versions in history.objects(EVENT))
    return [
        (event.at, f"event {describe(event)}")
        for event in first
        if (event.object.get("involvedObject") or {}).get("uid") == uid
    ]


def short(finalizer: str) -> str:
    """A finalizer without its domain, where the rest says which one it is."""
    domain, _, name = finalizer.rpartition("/")
    return finalizer if domain == "provisioner.storage.kubernetes.io" else name


def _snapshot(body: Json) -> list[str]:
    status = body.get("status")
    if not status:
        return ["no status"]
    parts = [f"readyToUse {_json(status.get('readyToUse'))}"]
    if name := status.get("boundVolumeSnapshotContentName") or status.get("boundVolumeGroupSnapshotContentName"):
        parts.append(f"bound to {name}")
    parts += _error(status)
    return parts


def _content(body: Json) -> list[str]:
    status, policy = body.get("status"), f"policy {body['spec'].get('deletionPolicy')}"
    if not status:
        return [policy, "no status"]
    handle = (
        "has a handle" if status.get("snapshotHandle") or status.get("volumeGroupSnapshotHandle") else "no handle"
    )
    return [policy, f"readyToUse {_json(status.get('readyToUse'))}", handle, *_error(status)]


def _error(status: Json) -> list[str]:
    error = status.get("error")
    return [f"error: {error.get('message', '')}"] if error else []


def _claim(body: Json) -> list[str]:
    status = body.get("status") or {}
    parts = [str(status.get("phase", "no phase"))]
    if capacity := (status.get("capacity") or {}).get("storage"):
        parts.append(f"capacity {capacity} of {body['spec']['resources']['requests']['storage']}")
    if resize := (status.get("allocatedResourceStatuses") or {}).get("storage"):
        parts.append(resize)
    parts += _conditions(status, "Resiz", "FileSystemResize")
    return parts


def _volume(body: Json) -> list[str]:
    return [
        str((body.get("status") or {}).get("phase", "no phase")),
        f"capacity {body['spec']['capacity']['storage']}",
    ]


def _pod(body: Json) -> list[str]:
    status = body.get("status") or {}
    parts = [str(status.get("phase", "no phase"))]
    for container in status.get("containerStatuses") or []:
        for name, detail in (container.get("state") or {}).items():
            text = " ".join(str(detail[key]) for key in ("reason", "exitCode", "message") if detail.get(key))
            lines = f"{name} {text}".strip().splitlines()
            parts.append(lines[0] + (" …" if lines[1:] else ""))  # last words may be long
        if container.get("ready"):
            parts.append("ready")
    parts += _conditions(status, "PodScheduled", wanted="False")
    return parts


def _conditions(status: Json, *types: str, wanted: str = "True") -> list[str]:
    return [
        f"{condition['type']}: {condition.get('message') or condition.get('reason', '')}".rstrip(": ")
        for condition in status.get("conditions") or []
        if condition.get("status") == wanted and any(name in condition["type"] for name in types)
    ]


def _event(body: Json) -> list[str]:
    return [f"{body.get('type')} {body.get('reason')}: {body.get('message')}"]


def _namespace(body: Json) -> list[str]:
    return [str((body.get("status") or {}).get("phase", ""))]


def _nothing(_body: Json) -> list[str]:
    return []


def _json(value: Any) -> str:
    return "absent" if value is None else str(value).lower()


_FIELDS: dict[str, Callable[[Json], list[str]]] = {
    "VolumeSnapshot": _snapshot,
    "VolumeSnapshotContent": _content,
    "VolumeGroupSnapshot": _snapshot,
    "VolumeGroupSnapshotContent": _content,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "Pod": _pod,
    "Event": _event,
    "Namespace": _namespace,
}
