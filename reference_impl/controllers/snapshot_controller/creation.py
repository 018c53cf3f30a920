"""Makes the content of a dynamic snapshot (clauses SNAP-DYN-001 to 003, SEC-002 to 004)."""

from __future__ import annotations

from .. import markers
from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import NORMAL
from ..kube.kinds import SNAPSHOT_CONTENT
from ..parameters import SNAPSHOTTER, ParameterError, secret, snapshot_tokens
from . import managing
from .cluster import Cluster, dynamic_content_name, refers
from .sources import SourceError, csi_volume


class CreationError(Exception):
    """No content can be made; the text is for ``status.error``."""


def create(cluster: Cluster, snapshot: Json) -> Json:
    """Protect the source PVC, then create the content. Returns the content; raises CreationError, ApiError."""
    _protect_claim(cluster, snapshot)
    try:
        body = describe(cluster, snapshot)
    except (SourceError, ParameterError) as error:
        text = f'failed to get input parameters to create snapshot {objects.name(snapshot)}: "{error}"'
        raise CreationError(text) from error
    try:
        content = cluster.contents.create(body)
    except ApiError as error:
        if not error.exists:
            raise
        return _existing(cluster, snapshot, body)
    text = f"Waiting for a snapshot {objects.key(snapshot)} to be created by the CSI driver."
    cluster.events.event(snapshot, NORMAL, "CreatingSnapshot", text)
    return content


def describe(cluster: Cluster, snapshot: Json) -> Json:
    """The content to be created. Raises SourceError, ParameterError."""
    volume = csi_volume(cluster, snapshot)
    class_name = snapshot["spec"]["volumeSnapshotClassName"]
    snapshot_class = cluster.classes.get(class_name)
    if snapshot_class is None:
        raise SourceError(f'volumesnapshotclass.snapshot.storage.k8s.io "{class_name}" not found')
    name = dynamic_content_name(snapshot)
    tokens = snapshot_tokens(name, objects.name(snapshot), objects.namespace(snapshot))
    reference = secret(SNAPSHOTTER, snapshot_class.get("parameters") or {}, *tokens)
    annotations = {}
    if reference:
        annotations[markers.DELETION_SECRET_NAME] = reference.name
        annotations[markers.DELETION_SECRET_NAMESPACE] = reference.namespace
    spec: Json = {
        "deletionPolicy": snapshot_class["deletionPolicy"],
        "driver": snapshot_class["driver"],
        "source": {"volumeHandle": volume["spec"]["csi"]["volumeHandle"]},
        "volumeSnapshotClassName": class_name,
        "volumeSnapshotRef": {
            "apiVersion": snapshot["apiVersion"],
            "kind": snapshot["kind"],
            "name": objects.name(snapshot),
            "namespace": objects.namespace(snapshot),
            "uid": objects.uid(snapshot),
            "resourceVersion": snapshot["metadata"]["resourceVersion"],
        },
    }
    if volume["spec"].get("volumeMode"):
        spec["sourceVolumeMode"] = volume["spec"]["volumeMode"]
    # With the finalizer from its first version on, no moment is left in which a deletion would lose the snapshot.
    meta: Json = {"name": name, "annotations": annotations, "finalizers": [markers.CONTENT_BOUND]}
    if labels := managing.labels(cluster.nodes, volume):
        meta["labels"] = labels
    return {"metadata": meta, "spec": spec}


def _protect_claim(cluster: Cluster, snapshot: Json) -> None:
    """Keep the source PVC until the snapshot is cut (clauses FIN-001, FIN-003); an absent one is no error here."""
    claim = cluster.source_claim(snapshot)
    if claim is None:
        return

    def add(draft: Json) -> bool:
        if objects.has_finalizer(draft, markers.CLAIM_AS_SOURCE):
            return False
        if objects.deleting(draft):
            text = f"cannot add finalizer on claim [{objects.key(draft)}] for snapshot: claim is being deleted"
            raise CreationError(text)
        return objects.add_finalizer(draft, markers.CLAIM_AS_SOURCE)

    try:
        cluster.claims.edit(claim, add)
    except ApiError as error:
        if not error.not_found:
            raise


def _existing(cluster: Cluster, snapshot: Json, body: Json) -> Json:
    """The content of that name which somebody, most likely we before a restart, made already."""
    name = body["metadata"]["name"]
    content = cluster.contents.client.get(SNAPSHOT_CONTENT, None, name)
    if not refers(content, snapshot, bound=True):
        raise CreationError(f"VolumeSnapshotContent {name} exists and is for another snapshot")
    return content
