"""Objects as an API server would send them, and a clock that stands still."""

from __future__ import annotations

from itertools import count
from typing import Any

from pytest_csi_snapshot.history import Change, History
from pytest_csi_snapshot.kube.kinds import PVC, SNAPSHOT, SNAPSHOT_CONTENT, Kind

Json = dict[str, Any]
_versions = count(100)


def meta(name: str, *, namespace: str = "", uid: str = "", version: str = "", **more: Any) -> Json:
    """Metadata with a resourceVersion that is new unless given."""
    body: Json = {
        "name": name,
        "uid": uid or f"uid-{name}",
        "resourceVersion": version or str(next(_versions)),
        **more,
    }
    return {**body, "namespace": namespace} if namespace else body


def snapshot(name: str = "s", *, version: str = "", **status: Any) -> Json:
    return {"metadata": meta(name, namespace="ns", version=version), "spec": {}, "status": status}


def content(
    name: str = "c", *, uid: str = "uid-s", version: str = "", spec: Json | None = None, **status: Any
) -> Json:
    reference = {"namespace": "ns", "name": "s", "uid": uid}
    base = {
        "driver": "d",
        "deletionPolicy": "Delete",
        "source": {"volumeHandle": "v"},
        "volumeSnapshotRef": reference,
    }
    return {"metadata": meta(name, version=version), "spec": {**base, **(spec or {})}, "status": status}


def claim(
    name: str = "p", *, request: str = "1Gi", capacity: str = "", phase: str = "Pending", **spec: Any
) -> Json:
    status: Json = {"phase": phase, **({"capacity": {"storage": capacity}} if capacity else {})}
    return {
        "metadata": meta(name, namespace="ns"),
        "spec": {"resources": {"requests": {"storage": request}}, **spec},
        "status": status,
    }


class Recorded(History):
    """A history with a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(clock=lambda: self.now)

    def told(self, kind: Kind, *bodies: Json, change: Change = "MODIFIED") -> Recorded:
        """Record versions one after another, a second apart."""
        for body in bodies:
            self.now += 1
            self.record(kind, change, body)
        return self


__all__ = ["PVC", "SNAPSHOT", "SNAPSHOT_CONTENT", "Json", "Recorded", "claim", "content", "meta", "snapshot"]
