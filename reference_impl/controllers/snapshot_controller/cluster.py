"""What the snapshot-controller sees of the cluster, and the few questions that all its parts ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..forms import GROUP, SINGLE, Form
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.events import Recorder


@dataclass(frozen=True)
class Family:
    """One sort of snapshot, single or group, with its contents and classes."""

    form: Form
    snapshots: Collection
    contents: Collection
    classes: Collection
    events: Recorder

    def content_of(self, snapshot: Json, dynamic_name: str) -> Json | None:
        """The content that a snapshot has or will have, bound or not; ``dynamic_name`` where it names none."""
        form = self.form
        return self.contents.get(form.bound_name(snapshot) or form.static_name(snapshot) or dynamic_name)


@dataclass(frozen=True)
class Cluster:
    """The cached collections, and the recorder of events. Without group CRDs those of groups are empty."""

    snapshots: Collection
    contents: Collection
    classes: Collection
    claims: Collection
    volumes: Collection
    group_snapshots: Collection
    group_contents: Collection
    group_classes: Collection
    events: Recorder
    nodes: Collection | None = None
    """Only with distributed snapshotting."""

    @cached_property
    def singles(self) -> Family:
        return Family(SINGLE, self.snapshots, self.contents, self.classes, self.events)

    @cached_property
    def groups(self) -> Family:
        return Family(GROUP, self.group_snapshots, self.group_contents, self.group_classes, self.events)

    def source_claim(self, snapshot: Json) -> Json | None:
        """The PVC that a dynamic snapshot is taken of."""
        name = claim_name(snapshot)
        return self.claims.get(objects.join(objects.namespace(snapshot), name)) if name else None

    def snapshots_of_claim(self, claim_key: str) -> list[Json]:
        """All dynamic snapshots of a PVC."""
        return self.snapshots.by(_source_claims, claim_key)


def claim_name(snapshot: Json) -> str | None:
    """The source PVC that a snapshot names; None for a pre-provisioned one."""
    value = snapshot["spec"]["source"].get("persistentVolumeClaimName")
    return None if value is None else str(value)


def _source_claims(snapshot: Json) -> tuple[str, ...]:
    name = claim_name(snapshot)
    return (objects.join(objects.namespace(snapshot), name),) if name else ()


def ready(obj: Json) -> bool:
    """``status.readyToUse`` of a snapshot or content is true."""
    return (obj.get("status") or {}).get("readyToUse") is True
