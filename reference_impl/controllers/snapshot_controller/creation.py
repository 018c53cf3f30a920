"""Makes the content of a dynamic snapshot (clauses SNAP-DYN-001 to 003, SEC-002 to 004)."""

from __future__ import annotations

from .. import markers
from ..forms import SINGLE, Form
from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from ..kube.events import NORMAL
from ..parameters import SNAPSHOTTER, ParameterError, SecretReference, secret, snapshot_tokens
from . import managing
from .classes import absent
from .cluster import Cluster, Family
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
    return submit(cluster.singles, snapshot, body)


def submit(family: Family, snapshot: Json, body: Json) -> Json:
    """Create the content that is described, or find that it was made before. Raises CreationError, ApiError."""
    form = family.form
    try:
        content = family.contents.create(body)
    except ApiError as error:
        if not error.exists:
            raise
        return _existing(family, snapshot, body)
    text = f"Waiting for a {form.noun} {objects.key(snapshot)} to be created by the CSI driver."
    family.events.event(snapshot, NORMAL, f"Creating{form.title}", text)
    return content


def describe(cluster: Cluster, snapshot: Json) -> Json:
    """The content to be created. Raises SourceError, ParameterError."""
    volume = csi_volume(cluster, snapshot)
    class_name = snapshot["spec"]["volumeSnapshotClassName"]
    snapshot_class = cluster.classes.find(class_name)
    if snapshot_class is None:
        raise SourceError(absent(cluster.singles, class_name))
    name = SINGLE.dynamic_name(snapshot)
    tokens = snapshot_tokens(name, objects.name(snapshot), objects.namespace(snapshot))
    reference = secret(SNAPSHOTTER, snapshot_class.get("parameters") or {}, *tokens)
    spec: Json = {
        "deletionPolicy": snapshot_class["deletionPolicy"],
        "driver": snapshot_class["driver"],
        "source": {"volumeHandle": volume["spec"]["csi"]["volumeHandle"]},
        "volumeSnapshotClassName": class_name,
        "volumeSnapshotRef": SINGLE.reference_to(snapshot),
    }
    if volume["spec"].get("volumeMode"):
        spec["sourceVolumeMode"] = volume["spec"]["volumeMode"]
    meta = metadata(SINGLE, name, reference)
    if labels := managing.labels(cluster.nodes, volume):
        meta["labels"] = labels
    return {"metadata": meta, "spec": spec}


def metadata(form: Form, name: str, reference: SecretReference | None) -> Json:
    """The metadata of a new content: the secret of its deletion (clause SEC-004), and its finalizer."""
    annotations = {}
    if reference:
        annotations[form.secret_name] = reference.name
        annotations[form.secret_namespace] = reference.namespace
    # With the finalizer from its first version on, no moment is left in which a deletion would lose the snapshot.
    return {"name": name, "annotations": annotations, "finalizers": [form.content_finalizer]}


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


def _existing(family: Family, snapshot: Json, body: Json) -> Json:
    """The content of that name which somebody, most likely we before a restart, made already."""
    form, name = family.form, body["metadata"]["name"]
    content = family.contents.client.get(form.content, None, name)
    if not form.refers(content, snapshot, bound=True):
        raise CreationError(f"{form.content} {name} exists and is for another {form.noun}")
    return content
