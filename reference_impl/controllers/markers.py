"""Finalizers, annotations and labels by which the controllers, and the core ones, talk to each other."""

from __future__ import annotations

_SNAPSHOT = "snapshot.storage.kubernetes.io"
_GROUP = "groupsnapshot.storage.kubernetes.io"

# ---- finalizers
SNAPSHOT_AS_SOURCE = f"{_SNAPSHOT}/volumesnapshot-as-source-protection"
SNAPSHOT_BOUND = f"{_SNAPSHOT}/volumesnapshot-bound-protection"
CONTENT_BOUND = f"{_SNAPSHOT}/volumesnapshotcontent-bound-protection"
IN_GROUP = f"{_SNAPSHOT}/volumesnapshot-in-group-protection"
GROUP_BOUND = f"{_GROUP}/volumegroupsnapshot-bound-protection"
GROUP_CONTENT_BOUND = f"{_GROUP}/volumegroupsnapshotcontent-bound-protection"
CLAIM_AS_SOURCE = f"{_SNAPSHOT}/pvc-as-source-protection"
RESTORE_SOURCE = "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection"
CLONE_SOURCE = "provisioner.storage.kubernetes.io/cloning-protection"
VOLUME_PROVISIONED = "external-provisioner.volume.kubernetes.io/finalizer"

# ---- labels
MANAGED_BY = f"{_SNAPSHOT}/managed-by"

# ---- annotations
DEFAULT_CLASS = f"{_SNAPSHOT}/is-default-class"
BEING_CREATED = f"{_SNAPSHOT}/volumesnapshot-being-created"
BEING_DELETED = f"{_SNAPSHOT}/volumesnapshot-being-deleted"
DELETION_SECRET_NAME = f"{_SNAPSHOT}/deletion-secret-name"
DELETION_SECRET_NAMESPACE = f"{_SNAPSHOT}/deletion-secret-namespace"
DEFAULT_GROUP_CLASS = f"{_GROUP}/is-default-class"
GROUP_BEING_CREATED = f"{_GROUP}/volumegroupsnapshot-being-created"
GROUP_BEING_DELETED = f"{_GROUP}/volumegroupsnapshot-being-deleted"
GROUP_DELETION_SECRET_NAME = f"{_GROUP}/deletion-secret-name"
GROUP_DELETION_SECRET_NAMESPACE = f"{_GROUP}/deletion-secret-namespace"
GROUP_HANDLE = "groupsnapshot.storage.k8s.io/volumeGroupSnapshotHandle"
ALLOW_MODE_CHANGE = f"{_SNAPSHOT}/allow-volume-mode-change"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
PROVISIONER = "volume.kubernetes.io/storage-provisioner"
CLASS_BETA = "volume.beta.kubernetes.io/storage-class"
PROVISIONER_BETA = "volume.beta.kubernetes.io/storage-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
VOLUME_SECRET_NAME = "volume.kubernetes.io/provisioner-deletion-secret-name"
VOLUME_SECRET_NAMESPACE = "volume.kubernetes.io/provisioner-deletion-secret-namespace"
PRE_RESIZE_CAPACITY = "volume.alpha.kubernetes.io/pre-resize-capacity"
NODE_EXPANSION_NOT_REQUIRED = "volume.kubernetes.io/node-expansion-not-required"

YES = "yes"
"""The value of the being-created and being-deleted annotations; only their presence counts."""
