"""``VolumeSnapshot.status``: follows the content's, and tells what went wrong (clauses STAT-*, ERR-003/004)."""

from __future__ import annotations

from collections.abc import Callable

from .. import clock, quantity
from ..kube import objects
from ..kube.client import Json
from ..kube.events import NORMAL, WARNING
from .cluster import Cluster

_EVENTS_S = 0.5
"""A status waits no longer than this for its events."""


def follow(cluster: Cluster, snapshot: Json, content: Json) -> Json:
    """Copy what the content says; events are there before the status shows it (clause SNAP-DYN-009)."""
    before = snapshot.get("status") or {}
    after = merged(before, content)
    key = objects.key(snapshot)
    if after.get("creationTime") and not before.get("creationTime"):
        text = f"Snapshot {key} was successfully created by the CSI driver."
        cluster.events.event(snapshot, NORMAL, "SnapshotCreated", text)
    if after["readyToUse"] and not before.get("readyToUse"):
        cluster.events.event(snapshot, NORMAL, "SnapshotReady", f"Snapshot {key} is ready to use.")
        cluster.events.flush(_EVENTS_S)
    return _write(cluster, snapshot, lambda status: merged(status, content))


def merged(status: Json, content: Json) -> Json:
    """The status of a snapshot bound to this content. What is set once stays (STAT-003, STAT-005)."""
    source = content.get("status") or {}
    result = dict(status)
    result.setdefault("boundVolumeSnapshotContentName", objects.name(content))
    if source.get("creationTime") is not None:
        result.setdefault("creationTime", clock.rfc3339_of_ns(int(source["creationTime"])))
    if source.get("restoreSize") is not None:
        result.setdefault("restoreSize", quantity.from_bytes(int(source["restoreSize"])))
    result["readyToUse"] = source.get("readyToUse") is True
    if result["readyToUse"] or not source.get("error"):
        result.pop("error", None)
    elif (result.get("error") or {}).get("message") != source["error"].get("message"):
        result["error"] = source["error"]
    return result


def fail(cluster: Cluster, snapshot: Json, reason: str, message: str, *, not_ready: bool) -> None:
    """Show an error, and send its event unless the same text stands there already.

    ``not_ready`` sets ``readyToUse`` to false; errors of class selection leave the field alone (ERR-003).
    """
    known = ((snapshot.get("status") or {}).get("error") or {}).get("message") == message
    stamp = clock.rfc3339()
    written = _write(cluster, snapshot, lambda status: failed(status, message, stamp, not_ready=not_ready))
    if not known:
        cluster.events.event(written, WARNING, reason, message)


def failed(status: Json, message: str, stamp: str, *, not_ready: bool) -> Json:
    """The status with an error; the time stays that of the first failure with this text (STAT-009)."""
    result = dict(status)
    if (result.get("error") or {}).get("message") != message:
        result["error"] = {"message": message, "time": stamp}
    if not_ready:
        result["readyToUse"] = False
    return result


def clear(cluster: Cluster, snapshot: Json) -> Json:
    """Take away an error that holds no more."""
    return _write(cluster, snapshot, lambda status: {key: status[key] for key in status if key != "error"})


def _write(cluster: Cluster, snapshot: Json, compute: Callable[[Json], Json]) -> Json:
    def change(draft: Json) -> bool:
        status = compute(draft.get("status") or {})
        if status == (draft.get("status") or {}):
            return False
        draft["status"] = status
        return True

    return cluster.snapshots.edit(snapshot, change, status=True)
