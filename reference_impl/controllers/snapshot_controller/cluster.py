"""What the snapshot-controller sees of the cluster, and the few questions that all its parts ask."""

from __future__ import annotations

from dataclasses import dataclass

from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.events import Recorder


@dataclass(frozen=True)
class Cluster:
    """The cached collections, and the recorder of events."""

    snapshots: Collection
    contents: Collection
    classes: Collection
    claims: Collection
    volumes: Collection
    events: Recorder
    nodes: Collection | None = None
    """Only with distributed snapshotting."""

    def content_of(self, snapshot: Json) -> Json | None:
        """The content that a snapshot has or will have, bound or not."""
        name = content_name(snapshot)
        return self.contents.get(name) if name else None

    def source_claim(self, snapshot: Json) -> Json | None:
        """The PVC that a dynamic snapshot is taken of."""
        name = claim_name(snapshot)
        return self.claims.get(objects.join(objects.namespace(snapshot), name)) if name else None

    def snapshots_of_claim(self, claim_key: str) -> list[Json]:
        """All dynamic snapshots of a PVC."""
        namespace, _, name = claim_key.partition("/")
        return [snapshot for snapshot in self.snapshots.all(namespace) if claim_name(snapshot) == name]


def claim_name(snapshot: Json) -> str | None:
    """The source PVC that a snapshot names; None for a pre-provisioned one."""
    value = snapshot["spec"]["source"].get("persistentVolumeClaimName")
    return None if value is None else str(value)


def static_content_name(snapshot: Json) -> str | None:
    """The content that a pre-provisioned snapshot names; None for a dynamic one."""
    value = snapshot["spec"]["source"].get("volumeSnapshotContentName")
    return None if value is None else str(value)


def dynamic_content_name(snapshot: Json) -> str:
    """The name of the content that is made for a snapshot (clause SNAP-DYN-001)."""
    return f"snapcontent-{objects.uid(snapshot)}"


def content_name(snapshot: Json) -> str:
    """The bound content's name, or else the one that the snapshot's source leads to."""
    bound = (snapshot.get("status") or {}).get("boundVolumeSnapshotContentName")
    return str(bound or static_content_name(snapshot) or dynamic_content_name(snapshot))


def snapshot_key(content: Json) -> str:
    """The key of the snapshot that a content is reserved for."""
    ref = content["spec"]["volumeSnapshotRef"]
    return objects.join(ref.get("namespace"), str(ref.get("name")))


def refers(content: Json, snapshot: Json, *, bound: bool) -> bool:
    """The content is for this snapshot. Unless ``bound`` is asked for, a reference without uid will do."""
    ref = content["spec"]["volumeSnapshotRef"]
    if (ref.get("namespace"), ref.get("name")) != (objects.namespace(snapshot), objects.name(snapshot)):
        return False
    uid = ref.get("uid") or ""
    return uid == objects.uid(snapshot) or (not bound and not uid)


def ready(obj: Json) -> bool:
    """``status.readyToUse`` of a snapshot or content is true."""
    return (obj.get("status") or {}).get("readyToUse") is True
