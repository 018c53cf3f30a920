"""A stage for controllers in one process: the API server in memory, collections that are never behind, events.

``Stage`` builds the objects that tests start from; nothing runs by itself, a test calls the sync it means.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.kube.index import Reading
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    Kind,
)

from .fake_kube import FakeKube

Json = dict[str, Any]

DRIVER = "driver.longhorn.io"
NS = "ns"


class Direct(Collection):
    """Reads the server's objects themselves, so that a test need not wait for a watch."""

    def get(self, key: str) -> Json | None:
        return self.client.peek(self.kind, key)  # type: ignore[attr-defined, no-any-return]

    def all(self, namespace: str | None = None) -> list[Json]:
        items = self.client.list(self.kind)["items"]
        return [item for item in items if namespace is None or objects.namespace(item) == namespace]

    def by(self, read: Reading, value: Hashable) -> list[Json]:
        return [item for item in self.all() if value in read(item)]


class Events:
    """Takes the place of the recorder."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.flushed_after = 0

    def event(self, about: Json, _type: str, reason: str, message: str) -> None:
        self.sent.append((objects.key(about), reason))
        self.texts.append(message)

    def flush(self, _timeout: float) -> None:
        self.flushed_after = len(self.sent)

    def reasons(self) -> list[str]:
        return [reason for _, reason in self.sent]


class Stage:
    """The server, its collections, and short words for the objects on it."""

    def __init__(self) -> None:
        self.kube = FakeKube()
        self.events = Events()

    def direct(self, kind: Kind) -> Direct:
        return Direct(self.kube, kind)  # type: ignore[arg-type]

    def see(self, kind: Kind, key: str) -> Json:
        obj = self.kube.peek(kind, key)
        assert obj is not None, f"{kind} {key} is gone"
        return obj

    def gone(self, kind: Kind, key: str) -> bool:
        return self.kube.peek(kind, key) is None

    def change(self, kind: Kind, key: str, **fields: Any) -> Json:
        """Replace top-level fields; ``status`` goes to the subresource."""
        obj = self.see(kind, key)
        if "status" in fields:
            obj = self.kube.replace(kind, {**obj, "status": fields.pop("status")}, subresource="status")
        if not fields:
            return obj
        version = obj["metadata"]["resourceVersion"]
        meta = {**(fields.get("metadata") or obj["metadata"]), "resourceVersion": version}
        return self.kube.replace(kind, {**obj, **fields, "metadata": meta})

    def delete(self, kind: Kind, key: str) -> None:
        obj = self.see(kind, key)
        self.kube.delete(kind, objects.namespace(obj), objects.name(obj), uid=objects.uid(obj))

    def claim(self, name: str = "c", *, bound: bool = True, size: str = "1Gi", **spec: Any) -> Json:
        """A claim, by default bound to volume ``pv-<name>`` of our driver."""
        full = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            "storageClassName": "longhorn",
            **({"volumeName": f"pv-{name}"} if bound else {}),
            **spec,
        }
        meta = {"name": name, "namespace": NS}
        status = {"phase": "Bound", "capacity": {"storage": size}} if bound else {"phase": "Pending"}
        return self.kube.put(PVC, {"metadata": meta, "spec": full}, status)

    def volume(self, claim: Json, *, driver: str = DRIVER, mode: str = "Filesystem", **more: Any) -> Json:
        """The volume of a claim."""
        name = f"pv-{objects.name(claim)}"
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "capacity": claim["spec"]["resources"]["requests"],
            "claimRef": {"namespace": NS, "name": objects.name(claim), "uid": objects.uid(claim)},
            "csi": {"driver": driver, "volumeHandle": f"handle-{objects.name(claim)}", "fsType": "ext4"},
            "volumeMode": mode,
            **more,
        }
        return self.kube.put(PV, {"metadata": {"name": name}, "spec": spec}, {"phase": "Bound"})

    def bound_claim(self, name: str = "c", **options: Any) -> Json:
        """A claim together with its volume."""
        claim = self.claim(name, **options)
        self.volume(claim)
        return claim

    def snapshot_class(self, name: str = "longhorn", policy: str = "Delete", **more: Any) -> Json:
        meta = {"name": name, "annotations": more.pop("annotations", {})}
        return self.kube.create(
            SNAPSHOT_CLASS, {"metadata": meta, "driver": DRIVER, "deletionPolicy": policy, **more}
        )

    def storage_class(self, name: str = "longhorn", **more: Any) -> Json:
        return self.kube.create(STORAGE_CLASS, {"metadata": {"name": name}, "provisioner": DRIVER, **more})

    def snapshot(self, name: str = "s", claim: str = "c", class_name: str | None = "longhorn") -> Json:
        spec: Json = {"source": {"persistentVolumeClaimName": claim}}
        if class_name:
            spec["volumeSnapshotClassName"] = class_name
        return self.kube.create(SNAPSHOT, {"metadata": {"name": name, "namespace": NS}, "spec": spec})

    def static_snapshot(self, name: str = "s", content: str = "k", **spec: Any) -> Json:
        full = {"source": {"volumeSnapshotContentName": content}, **spec}
        return self.kube.create(SNAPSHOT, {"metadata": {"name": name, "namespace": NS}, "spec": full})

    def static_content(self, name: str = "k", snapshot: str = "s", handle: str = "old", **more: Any) -> Json:
        spec = {
            "deletionPolicy": "Retain",
            "driver": DRIVER,
            "source": {"snapshotHandle": handle},
            "volumeSnapshotRef": {"namespace": NS, "name": snapshot},
            **more,
        }
        return self.kube.create(SNAPSHOT_CONTENT, {"metadata": {"name": name}, "spec": spec})
