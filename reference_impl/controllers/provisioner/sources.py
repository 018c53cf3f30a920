"""Whether a claim may be filled from its source, and what the driver calls that source.

Clauses RES-003 to RES-014 and CLN-003 to CLN-010. The order of the checks is that of the messages users know.
Everything is read from the API server, not from a cache: a refusal by stale knowledge would cost a back-off.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import markers, quantity
from ..csi.driver import Abilities, Rpc
from ..kube import objects
from ..kube.client import Json, KubeClient
from ..kube.errors import ApiError
from ..kube.kinds import PV, PVC, REFERENCE_GRANT, SNAPSHOT, SNAPSHOT_CONTENT, Kind
from .cluster import DataSource, requested_bytes, volume_mode
from .grants import allowed

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""Go's spelling of booleans (clause RES-013)."""


class SourceRefusedError(Exception):
    """The source cannot be used now; the text is for the ``ProvisioningFailed`` event."""


@dataclass(frozen=True)
class Origin:
    """A source as the driver knows it, and what is known of where its data lies.

    ``volume`` is the PV of a clone's source; ``managed_by`` the node that made the snapshot.
    """

    handle: str
    volume: Json | None = None
    managed_by: str | None = None


class Sources:
    """Checks data sources for one driver."""

    def __init__(self, client: KubeClient, driver: str, abilities: Abilities) -> None:
        self._client = client
        self._driver = driver
        self._abilities = abilities

    def check_grant(self, claim: Json, source: DataSource) -> None:
        """A source in another namespace needs a grant there (RES-024). Raises SourceRefusedError."""
        try:
            grants = self._client.list(REFERENCE_GRANT, source.namespace).get("items") or []
        except ApiError as error:
            text = f"error getting ReferenceGrants of namespace {source.namespace} from api server: {error}"
            raise SourceRefusedError(text) from error
        if not allowed(claim, source, grants):
            raise SourceRefusedError(
                f"accessing {source.key} of {source.kind} dataSource from {objects.key(claim)} isn't allowed: "
                f"no ReferenceGrant in namespace {source.namespace} permits it"
            )

    def snapshot(self, claim: Json, source: DataSource) -> Origin:
        """The snapshot to restore. Raises SourceRefusedError."""
        if not self._abilities.can(Rpc.CREATE_DELETE_SNAPSHOT):
            raise SourceRefusedError(
                "CSI driver does not support snapshot restore: capability CREATE_DELETE_SNAPSHOT"
            )
        namespace, name = source.namespace, source.name
        snapshot = self._read(SNAPSHOT, namespace, name, f"error getting snapshot {name} from api server")
        if objects.deleting(snapshot) and not objects.has_finalizer(snapshot, markers.RESTORE_SOURCE):
            raise SourceRefusedError(f"snapshot {name} is being deleted")
        status = snapshot.get("status") or {}
        bound = status.get("boundVolumeSnapshotContentName")
        if not bound:
            raise SourceRefusedError(f"snapshot {name} not bound")
        what = f"error getting snapshotcontent {bound} for snapshot {name} from api server"
        content = self._read(SNAPSHOT_CONTENT, None, bound, what)
        self._check_content(snapshot, content, claim)
        if status.get("readyToUse") is not True:
            raise SourceRefusedError(f"snapshot {name} is not Ready")
        handle = (content.get("status") or {}).get("snapshotHandle")
        if not handle:
            raise SourceRefusedError(f"snapshot handle of snapshot {name} is not available")
        check_mode(claim, content)
        check_restore_size(claim, snapshot)
        labels = content["metadata"].get("labels") or {}
        return Origin(str(handle), managed_by=labels.get(markers.MANAGED_BY))

    def volume(self, claim: Json, source: DataSource) -> Origin:
        """The volume to clone. Raises SourceRefusedError."""
        if not self._abilities.can(Rpc.CLONE_VOLUME):
            raise SourceRefusedError("CSI driver does not support clone operations: capability CLONE_VOLUME")
        namespace, name = source.namespace, source.name
        origin = self._read(
            PVC, namespace, name, f"error getting PVC {name} (namespace {namespace!r}) from api server"
        )
        check_clone(claim, origin)
        volume_name = str(origin["spec"].get("volumeName") or "")
        if not volume_name:
            raise SourceRefusedError(f"volume name is empty in source PVC {name}")
        volume = self._read(PV, None, volume_name, f"error getting PV {volume_name} from api server")
        csi = volume["spec"].get("csi") or {}
        owner = volume["spec"].get("claimRef") or {}
        if csi.get("driver") != self._driver or owner.get("uid") != objects.uid(origin):
            raise SourceRefusedError("claim in dataSource not bound or invalid")
        return Origin(str(csi["volumeHandle"]), volume=volume)

    def _check_content(self, snapshot: Json, content: Json, claim: Json) -> None:
        pair = f"snapshotcontent {objects.name(content)} for snapshot {objects.name(snapshot)}"
        ref = content["spec"]["volumeSnapshotRef"]
        wanted = (objects.namespace(snapshot), objects.name(snapshot), objects.uid(snapshot))
        if (ref.get("namespace"), ref.get("name"), ref.get("uid")) != wanted:
            raise SourceRefusedError(f"{pair} is bound to a different snapshot")
        if content["spec"]["driver"] != self._driver:
            class_name = claim["spec"].get("storageClassName")
            raise SourceRefusedError(f"{pair} is not handled by CSI driver of StorageClass {class_name}")

    def _read(self, kind: Kind, namespace: str | None, name: str, what: str) -> Json:
        try:
            return self._client.get(kind, namespace, name)
        except ApiError as error:
            raise SourceRefusedError(f"{what}: {error}") from error


def check_mode(claim: Json, content: Json) -> None:
    """The claim's volume mode must be the snapshot's, unless the content allows a change (RES-013, RES-014)."""
    mode = content["spec"].get("sourceVolumeMode")
    if not mode or mode == volume_mode(claim):
        return
    wanted = f"requested volume {objects.key(claim)} modifies the mode of the source volume"
    allowed = objects.annotation(content, markers.ALLOW_MODE_CHANGE)
    place = f"snapshotcontent {objects.name(content)}"
    if allowed is None:
        raise SourceRefusedError(f"{wanted} but {markers.ALLOW_MODE_CHANGE} annotation is not present on {place}")
    if allowed in _FALSE:
        raise SourceRefusedError(f"{wanted} but {markers.ALLOW_MODE_CHANGE} is set to false on {place}")
    if allowed not in _TRUE:
        text = f"failed to convert {markers.ALLOW_MODE_CHANGE} annotation value {allowed!r} of {place} to boolean"
        raise SourceRefusedError(text)


def check_restore_size(claim: Json, snapshot: Json) -> None:
    """The request must not be below ``restoreSize``; unknown means that the driver decides (RES-003)."""
    size = (snapshot.get("status") or {}).get("restoreSize")
    if size is None:
        return
    requested, needed = requested_bytes(claim), quantity.to_bytes(size)
    if requested < needed:
        name = objects.name(snapshot)
        text = f"requested volume size {requested} is less than the size {needed} for the source snapshot {name}"
        raise SourceRefusedError(text)


def check_clone(claim: Json, origin: Json) -> None:
    """What can be said of a clone from the two claims alone (CLN-003, CLN-004, CLN-007, CLN-008)."""
    name = objects.name(origin)
    phase = (origin.get("status") or {}).get("phase")
    if phase != "Bound":
        raise SourceRefusedError(f"the PVC DataSource {name} must have a status of Bound. Got {phase}")
    if objects.deleting(origin):
        raise SourceRefusedError(f"the PVC DataSource {name} is currently being deleted")
    if origin["spec"].get("storageClassName") is None:
        raise SourceRefusedError(f"the source PVC ({name}) storageclass cannot be empty")
    if claim["spec"].get("storageClassName") is None:
        raise SourceRefusedError(f"the requested PVC ({objects.name(claim)}) storageclass cannot be empty")
    requested, needed = requested_bytes(claim), requested_bytes(origin)
    if requested < needed:
        raise SourceRefusedError(
            "error, new PVC request must be greater than or equal in size to the specified PVC data source, "
            f"requested {requested} but source is {needed}"
        )
    if volume_mode(origin) != volume_mode(claim):
        raise SourceRefusedError(
            "the source PVC and destination PVCs must have the same volume mode for cloning. "
            f"Source is {volume_mode(origin)}, but new PVC requested {volume_mode(claim)}"
        )
