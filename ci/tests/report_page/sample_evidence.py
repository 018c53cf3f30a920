"""Evidence of tests, made up: some objects with their versions, waits, events, and what a failed test keeps."""

from __future__ import annotations

import random
from typing import Any

Json = dict[str, Any]

FLAGGED = "DEL-001"
"""The clause that an invariant saw broken."""

HOSTILE = "</script><!-- \"quoted\" 'single' \u202egnirts\u202c \x07 \x1b[31m & \ud800 שלום"
"""What a driver could write into a message: markup, quotes, control characters, writing from right to left."""

KINDS = (("PersistentVolumeClaim", "PersistentVolume"), ("VolumeSnapshot", "VolumeSnapshotContent"), ("Pod",))
STATES = ("no status", "readyToUse false", "readyToUse true", "", "readyToUse true, terminating", "gone")


def evidence_of(
    test: str, outcome: str, total: float, checks: list[Json], seconds: Json, chance: random.Random
) -> Json:
    """The evidence of one test."""
    lanes = [lane for number in range(3) for lane in _pair(number, total, checks[0]["clause"], chance)]
    failed = outcome == "failed"
    snapshot = lanes[2]["id"]
    return {
        "format": "pytest-csi-snapshot/evidence",
        "version": 1,
        "test": test,
        "outcome": outcome,
        "began": "2026-01-01T10:00:12.000+00:00",
        "seconds": total,
        "lanes": lanes,
        "events": [
            {
                "at": round(total * 0.6, 3),
                "about": snapshot,
                "type": "Warning",
                "reason": "SnapshotDeleteError",
                "message": HOSTILE,
                "source": "csi-snapshotter",
                "count": 2,
            }
        ],
        "steps": [
            {"verb": "snapshot", "text": "snapshot of claim pvc-1", "began": 0.05, "ended": 0.2, "depth": 0},
            {"verb": "await", "text": "ready", "began": 0.1, "ended": 0.2, "depth": 1},
            {"verb": "delete", "text": "delete snap-1", "began": 0.25, "ended": round(total, 3), "depth": 0},
        ],
        "waits": [
            {
                "about": "VolumeSnapshot csi-1/snap-1",
                "lane": snapshot,
                "awaited": "readyToUse true",
                "clause": checks[0]["clause"],
                "began": 0.05,
                "ended": round(total * 0.4, 3),
                "came": not failed,
                "late": 0.002,
            }
        ],
        "checks": checks,
        "violations": [{"at": 0.37, "lane": snapshot, "clause": FLAGGED, "text": "expected none, observed one"}]
        if failed
        else [],
        "seconds_by": {"total": total, **seconds},
        "latencies": [
            {"phase": phase, "seconds": round(chance.lognormvariate(middle, 0.5), 3), "lane": snapshot}
            for phase, middle in (("snapshot ready", -1), ("claim bound", -2), ("pod ready", 0))
        ],
        "objects": [{"lane": snapshot, "first": _body(lanes[2], False), "last": _body(lanes[2], True)}]
        if failed
        else [],
        "logs": [{"component": "csi-snapshotter", "lines": ["I0101 syncing", HOSTILE]}] if failed else [],
        "calls": [
            {
                "at": 0.1,
                "method": "CreateSnapshot",
                "request": {"name": "snap-1", "source_volume_id": "vol-1"},
                "code": "OK",
                "answer": {"snapshot": {"snapshot_id": "snap-1"}},
                "seconds": 0.05,
            }
        ]
        if "rpc" in test
        else [],
    }


def _pair(number: int, total: float, clause: str, chance: random.Random) -> list[Json]:
    """A claim with its volume, or a snapshot with its content: the second belongs to the first."""
    begun = number * total / 8
    lanes: list[Json] = []
    for place, kind in enumerate(KINDS[number]):
        times = sorted(round(chance.uniform(begun, total), 3) for _ in range(6))
        changes = ("ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED")
        lanes.append(
            {
                "id": f"{chance.getrandbits(128):032x}",
                "kind": kind,
                "namespace": "csi-1f2e3d4c-del-001" if place == 0 else "",
                "name": f"{kind.lower()}-{clause.lower()}-{number}",
                "own": place == 0,
                "parent": lanes[0]["id"] if place else "",
                "marks": [
                    {"at": at, "change": change, "version": str(1000 + step), "by": "", "state": STATES[step]}
                    for step, (at, change) in enumerate(zip(times, changes, strict=True))
                ],
            }
        )
    return lanes


def _body(lane: Json, ready: bool) -> Json:
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": lane["kind"],
        "metadata": {"name": lane["name"], "uid": lane["id"], "annotations": {"example.com/note": HOSTILE}},
        "spec": {"source": {"persistentVolumeClaimName": "pvc-1"}},
        "status": {"readyToUse": ready, **({"restoreSize": "1Gi"} if ready else {})},
    }
