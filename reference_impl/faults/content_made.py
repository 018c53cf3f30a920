"""Faults of the content that the snapshot-controller makes for a snapshot: it says what it should not."""

from __future__ import annotations

import copy
import re
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.kube import objects
from ..controllers.kube.objects import Json
from ..controllers.parameters import SNAPSHOTTER
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.snapshot_controller.main import Controller


class _MadeContent(Fault):
    """A fault of the body that is sent to the API server. Contents of members of groups are left right."""

    component = "snapshot-controller"
    kind = "state"

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.contents, "create", self._create)

    def _create(self, clean: Clean, body: Json) -> Any:
        if objects.annotation(body, markers.GROUP_HANDLE) is None:
            self.spoil(body)
        return clean(body)

    @abstractmethod
    def spoil(self, body: Json) -> None:
        """Change what is about to be created."""


class ContentNamedAfterSnapshot(_MadeContent):
    """The content is named after namespace and name of its VolumeSnapshot: a later one of that name meets it."""

    name = "content-named-after-snapshot"
    breaks = ("SNAP-DYN-001", "DEL-020")

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.snapshots, "dynamic_name", self._dynamic_name)

    def _dynamic_name(self, clean: Clean, snapshot: Json) -> Any:
        if snapshot["metadata"].get("ownerReferences"):
            return clean(snapshot)
        return f"snapcontent-{objects.namespace(snapshot)}-{objects.name(snapshot)}"

    def spoil(self, body: Json) -> None:
        ref = body["spec"]["volumeSnapshotRef"]
        body["metadata"]["name"] = f"snapcontent-{ref['namespace']}-{ref['name']}"


class SecondContent(_MadeContent):
    """A VolumeSnapshot gets two contents, as after a retry that had forgotten the first."""

    name = "second-content-for-snapshot"
    breaks = ("BIND-001", "SNAP-DYN-001", "DEL-001")

    def _create(self, clean: Clean, body: Json) -> Any:
        again = copy.deepcopy(body)
        again["metadata"]["name"] += "-1"
        content = clean(body)
        if objects.annotation(body, markers.GROUP_HANDLE) is None:
            clean(again)
        return content

    def spoil(self, body: Json) -> None:
        """The body is right, one too many."""


class ContentAlwaysDelete(_MadeContent):
    """The content has the policy Delete whatever the class says: a retained snapshot is lost."""

    name = "content-always-delete"
    breaks = ("SNAP-DYN-002", "DEL-002", "DEL-003", "DEL-005", "DEL-017")

    def spoil(self, body: Json) -> None:
        body["spec"]["deletionPolicy"] = "Delete"


class ContentReferenceUntyped(_MadeContent):
    """The content's reference lacks apiVersion and kind, as objects from a typed cache do."""

    name = "content-reference-untyped"
    breaks = ("SNAP-DYN-002", "BIND-001")

    def spoil(self, body: Json) -> None:
        for field in ("apiVersion", "kind"):
            body["spec"]["volumeSnapshotRef"].pop(field)


class ContentWithoutClass(_MadeContent):
    """The content does not name the class, so that the sidecar has no parameters and no snapshot comes."""

    name = "content-without-class"
    breaks = ("SNAP-DYN-002", "SNAP-DYN-004")

    def spoil(self, body: Json) -> None:
        body["spec"].pop("volumeSnapshotClassName")


class ContentWithoutVolumeMode(_MadeContent):
    """The content does not record the volume mode: a restore in another mode is let through."""

    name = "content-without-volume-mode"
    breaks = ("SNAP-DYN-003", "RES-013")

    def spoil(self, body: Json) -> None:
        body["spec"].pop("sourceVolumeMode", None)


class ContentAlwaysFilesystem(_MadeContent):
    """The content of a block volume says that it was a filesystem."""

    name = "content-always-filesystem"
    breaks = ("SNAP-DYN-003",)

    def spoil(self, body: Json) -> None:
        body["spec"]["sourceVolumeMode"] = "Filesystem"


class ContentUnprotected(_MadeContent):
    """The content has no finalizer: it is gone before the sidecar has deleted the backend's snapshot."""

    name = "content-unprotected"
    breaks = ("FIN-006", "DEL-001", "DEL-008")
    kind = "lifecycle"

    def apply(self, target: Controller) -> None:
        super().apply(target)
        wrap(target.contents, "sync", lambda _clean, _key: None)

    def spoil(self, body: Json) -> None:
        body["metadata"].pop("finalizers")


class _SecretsOfClass(Fault):
    """A fault of what the controller reads about secrets in a class; the sidecar reads the class as it is."""

    component = "snapshot-controller"
    kind = "errors"

    def apply(self, target: Controller) -> None:
        wrap(target.cluster.classes, "find", self._find)

    def _find(self, clean: Clean, name: str) -> Any:
        found = clean(name)
        parameters = (found or {}).get("parameters") or {}
        keys = (SNAPSHOTTER.name_key, SNAPSHOTTER.namespace_key)
        if not self.ignores(parameters.get(keys[0]), parameters.get(keys[1])):
            return found
        return {**found, "parameters": {key: parameters[key] for key in parameters if key not in keys}}

    @abstractmethod
    def ignores(self, name: str | None, namespace: str | None) -> bool:
        """The two keys of a class are taken as if they were not there."""


class SecretPairUnchecked(_SecretsOfClass):
    """A class that names a secret without its namespace is used, as if it named none."""

    name = "secret-pair-unchecked"
    breaks = ("SEC-002",)

    def ignores(self, name: str | None, namespace: str | None) -> bool:
        return (name is None) != (namespace is None)


class SecretTokensUnchecked(_SecretsOfClass):
    """A class with an unknown token in the name of its secret is not refused before a content is made."""

    name = "secret-tokens-unchecked"
    breaks = ("SEC-003",)

    def ignores(self, name: str | None, namespace: str | None) -> bool:
        known = {"volumesnapshotcontent.name", "volumesnapshot.namespace", "volumesnapshot.name"}
        return not set(re.findall(r"\$\{([^}]*)\}", f"{name}{namespace}")) <= known


class SnapshotNameInSecretNamespace(_SecretsOfClass):
    """A secret's namespace made of the VolumeSnapshot's name, which any user chooses, is not refused at once."""

    name = "snapshot-name-in-secret-namespace"
    breaks = ("SEC-003",)

    def ignores(self, name: str | None, namespace: str | None) -> bool:
        return "${volumesnapshot.name}" in (namespace or "")


class DeletionSecretNotNoted(_SecretsOfClass):
    """The content does not note the secret of its deletion, so that the driver is asked without it."""

    name = "deletion-secret-not-noted"
    breaks = ("SEC-004",)

    def ignores(self, name: str | None, namespace: str | None) -> bool:
        return bool(name and namespace)
