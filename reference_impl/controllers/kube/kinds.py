"""The API kinds that the controllers read and write, and the URL paths of their objects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of API object: enough to address it, nothing about its fields."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of a collection (no ``name``), an object, or a subresource of one."""
        parts = [f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"]
        if self.namespaced and namespace:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)

    @property
    def resource(self) -> str:
        """The resource with its group: ``volumesnapshots.snapshot.storage.k8s.io``, ``pods``."""
        group, slash, _ = self.api_version.partition("/")
        return f"{self.plural}.{group}" if slash else self.plural

    @property
    def singular(self) -> str:
        """One object of the kind as messages name it: ``volumesnapshotclass.snapshot.storage.k8s.io``."""
        return f"{self.kind.lower()}.{self.api_version.partition('/')[0]}"

    def __str__(self) -> str:
        return self.kind


_SNAPSHOT = "snapshot.storage.k8s.io/v1"
_GROUP = "groupsnapshot.storage.k8s.io/v1"
_STORAGE = "storage.k8s.io/v1"

CSI_NODE = Kind(_STORAGE, "CSINode", "csinodes", namespaced=False)
EVENT = Kind("v1", "Event", "events")
GROUP_CLASS = Kind(_GROUP, "VolumeGroupSnapshotClass", "volumegroupsnapshotclasses", namespaced=False)
GROUP_CONTENT = Kind(_GROUP, "VolumeGroupSnapshotContent", "volumegroupsnapshotcontents", namespaced=False)
GROUP_SNAPSHOT = Kind(_GROUP, "VolumeGroupSnapshot", "volumegroupsnapshots")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
NODE = Kind("v1", "Node", "nodes", namespaced=False)
POD = Kind("v1", "Pod", "pods")
PV = Kind("v1", "PersistentVolume", "persistentvolumes", namespaced=False)
PVC = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
SECRET = Kind("v1", "Secret", "secrets")
SNAPSHOT = Kind(_SNAPSHOT, "VolumeSnapshot", "volumesnapshots")
SNAPSHOT_CLASS = Kind(_SNAPSHOT, "VolumeSnapshotClass", "volumesnapshotclasses", namespaced=False)
SNAPSHOT_CONTENT = Kind(_SNAPSHOT, "VolumeSnapshotContent", "volumesnapshotcontents", namespaced=False)
REFERENCE_GRANT = Kind("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "referencegrants")
STORAGE_CLASS = Kind(_STORAGE, "StorageClass", "storageclasses", namespaced=False)
VOLUME_ATTACHMENT = Kind(_STORAGE, "VolumeAttachment", "volumeattachments", namespaced=False)
