"""The API kinds that snapshots touch, and the URL paths of their objects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

SNAPSHOT_API = "snapshot.storage.k8s.io/v1"
GROUP_API = "groupsnapshot.storage.k8s.io"
GROUP_VERSIONS = ("v1", "v1beta2", "v1beta1")
"""Versions of the group kinds, the one to prefer first."""


@dataclass(frozen=True)
class Kind:
    """One kind of API object: enough to address it, nothing about its fields.

    Kinds are equal whatever version they are spoken in; no two here differ in their API group alone.
    """

    api_version: str = field(compare=False)
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def root(self) -> str:
        """The path of the group version: ``/api/v1`` or ``/apis/<group>/<version>``."""
        return f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"

    @property
    def version(self) -> str:
        """``v1`` of ``snapshot.storage.k8s.io/v1``."""
        return self.api_version.rpartition("/")[2]

    def at(self, version: str) -> Kind:
        """The same kind in another version of its API group."""
        return replace(self, api_version=f"{self.api_version.rpartition('/')[0]}/{version}")

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of a collection (no ``name``), an object, or a subresource of one.

        Without a namespace a namespaced kind gives its collection over all namespaces.
        """
        parts = [self.root]
        if self.namespaced and namespace:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)

    def __str__(self) -> str:
        return self.kind


NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
NODE = Kind("v1", "Node", "nodes", namespaced=False)
POD = Kind("v1", "Pod", "pods")
PVC = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")
PV = Kind("v1", "PersistentVolume", "persistentvolumes", namespaced=False)
EVENT = Kind("v1", "Event", "events")
SECRET = Kind("v1", "Secret", "secrets")
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
SERVICE = Kind("v1", "Service", "services")
RESOURCE_QUOTA = Kind("v1", "ResourceQuota", "resourcequotas")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
DAEMON_SET = Kind("apps/v1", "DaemonSet", "daemonsets")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")
STORAGE_CLASS = Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", namespaced=False)
CSI_DRIVER = Kind("storage.k8s.io/v1", "CSIDriver", "csidrivers", namespaced=False)
CSI_NODE = Kind("storage.k8s.io/v1", "CSINode", "csinodes", namespaced=False)
VOLUME_ATTACHMENT = Kind("storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", namespaced=False)
SNAPSHOT = Kind(SNAPSHOT_API, "VolumeSnapshot", "volumesnapshots")
SNAPSHOT_CONTENT = Kind(SNAPSHOT_API, "VolumeSnapshotContent", "volumesnapshotcontents", namespaced=False)
SNAPSHOT_CLASS = Kind(SNAPSHOT_API, "VolumeSnapshotClass", "volumesnapshotclasses", namespaced=False)
GROUP_SNAPSHOT = Kind(f"{GROUP_API}/v1", "VolumeGroupSnapshot", "volumegroupsnapshots")
GROUP_CONTENT = Kind(
    f"{GROUP_API}/v1", "VolumeGroupSnapshotContent", "volumegroupsnapshotcontents", namespaced=False
)
GROUP_CLASS = Kind(f"{GROUP_API}/v1", "VolumeGroupSnapshotClass", "volumegroupsnapshotclasses", namespaced=False)
CRD = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)
