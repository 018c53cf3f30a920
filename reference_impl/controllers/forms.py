"""Two sorts of snapshot, single and group: the same steps, in other words.

What the API spells differently for the two (kinds, fields, marks, reasons of events) is in a Form, so that
the steps themselves are written once.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import markers
from .kube import kinds, objects
from .kube.client import Json
from .kube.kinds import Kind


@dataclass(frozen=True)
class Form:
    """How one sort of snapshot and its content spell what both sorts have."""

    noun: str
    """In texts: ``snapshot``."""
    title: str
    """In reasons of events: ``Snapshot``."""
    snapshot: Kind
    content: Kind
    snapshot_class: Kind

    ref: str
    """Field of a content's spec: the snapshot that it is for."""
    class_field: str
    """Field of both specs: the class."""
    content_field: str
    """Field of a snapshot's source: the content of a pre-provisioned one."""
    bound_field: str
    """Field of a snapshot's status: its content."""
    volume_field: str
    """Field of a content's source: what is to be cut."""
    existing_field: str
    """Field of a content's source: what was cut before."""
    handle_field: str
    """Field of a content's status: the driver's handle. The content of a member has that of its group too."""
    prefix: str
    """Begin of the names of dynamic contents."""

    content_finalizer: str
    default_class: str
    being_created: str
    being_deleted: str
    secret_name: str
    secret_namespace: str

    def static_name(self, snapshot: Json) -> str | None:
        """The content that a pre-provisioned snapshot names; None for a dynamic one."""
        value = snapshot["spec"]["source"].get(self.content_field)
        return None if value is None else str(value)

    def dynamic_name(self, snapshot: Json) -> str:
        """The name of the content that is made for a snapshot (clauses SNAP-DYN-001, GRP-001)."""
        return f"{self.prefix}-{objects.uid(snapshot)}"

    def bound_name(self, snapshot: Json) -> str | None:
        """The content that the snapshot's status names."""
        value = (snapshot.get("status") or {}).get(self.bound_field)
        return str(value) if value else None

    def class_name(self, obj: Json) -> str | None:
        """The class that a snapshot or content names."""
        value = obj["spec"].get(self.class_field)
        return None if value is None else str(value)

    def holder_key(self, content: Json) -> str:
        """The key of the snapshot that a content is reserved for."""
        ref = content["spec"][self.ref]
        return objects.join(ref.get("namespace"), str(ref.get("name")))

    def refers(self, content: Json, snapshot: Json, *, bound: bool) -> bool:
        """The content is for this snapshot. Unless ``bound`` is asked for, a reference without uid will do."""
        ref = content["spec"][self.ref]
        if (ref.get("namespace"), ref.get("name")) != (objects.namespace(snapshot), objects.name(snapshot)):
            return False
        uid = ref.get("uid") or ""
        return uid == objects.uid(snapshot) or (not bound and not uid)

    def static(self, content: Json) -> bool:
        """The content stands for something that was cut before."""
        return content["spec"]["source"].get(self.existing_field) is not None

    def reference_to(self, snapshot: Json) -> Json:
        """What a new content says of the snapshot that it is made for."""
        return {
            "apiVersion": snapshot["apiVersion"],
            "kind": snapshot["kind"],
            "name": objects.name(snapshot),
            "namespace": objects.namespace(snapshot),
            "uid": objects.uid(snapshot),
            "resourceVersion": snapshot["metadata"]["resourceVersion"],
        }


SINGLE = Form(
    noun="snapshot",
    title="Snapshot",
    snapshot=kinds.SNAPSHOT,
    content=kinds.SNAPSHOT_CONTENT,
    snapshot_class=kinds.SNAPSHOT_CLASS,
    ref="volumeSnapshotRef",
    class_field="volumeSnapshotClassName",
    content_field="volumeSnapshotContentName",
    bound_field="boundVolumeSnapshotContentName",
    volume_field="volumeHandle",
    existing_field="snapshotHandle",
    handle_field="snapshotHandle",
    prefix="snapcontent",
    content_finalizer=markers.CONTENT_BOUND,
    default_class=markers.DEFAULT_CLASS,
    being_created=markers.BEING_CREATED,
    being_deleted=markers.BEING_DELETED,
    secret_name=markers.DELETION_SECRET_NAME,
    secret_namespace=markers.DELETION_SECRET_NAMESPACE,
)

GROUP = Form(
    noun="group snapshot",
    title="GroupSnapshot",
    snapshot=kinds.GROUP_SNAPSHOT,
    content=kinds.GROUP_CONTENT,
    snapshot_class=kinds.GROUP_CLASS,
    ref="volumeGroupSnapshotRef",
    class_field="volumeGroupSnapshotClassName",
    content_field="volumeGroupSnapshotContentName",
    bound_field="boundVolumeGroupSnapshotContentName",
    volume_field="volumeHandles",
    existing_field="groupSnapshotHandles",
    handle_field="volumeGroupSnapshotHandle",
    prefix="groupsnapcontent",
    content_finalizer=markers.GROUP_CONTENT_BOUND,
    default_class=markers.DEFAULT_GROUP_CLASS,
    being_created=markers.GROUP_BEING_CREATED,
    being_deleted=markers.GROUP_BEING_DELETED,
    secret_name=markers.GROUP_DELETION_SECRET_NAME,
    secret_namespace=markers.GROUP_DELETION_SECRET_NAMESPACE,
)
