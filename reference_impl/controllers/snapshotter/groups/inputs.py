"""What a CSI call about the content of a group needs besides handles: parameters and secrets."""

from __future__ import annotations

from ... import parameters
from ...csi import secrets
from ...forms import GROUP
from ...kube import objects
from ...kube.client import Json
from ...kube.collection import Collection
from .. import calls
from ..inputs import Naming, class_parameters


class GroupInputs:
    """Looks up what calls need."""

    def __init__(self, classes: Collection, naming: Naming) -> None:
        self._classes = classes
        self._naming = naming

    def for_creation(self, content: Json) -> tuple[str, dict[str, str]]:
        """Name and parameters of CreateVolumeGroupSnapshot. Raises InputError, ParameterError."""
        title, ref = objects.name(content), content["spec"][GROUP.ref]
        values = class_parameters(GROUP, self._classes, content)
        plain = parameters.for_driver(values, parameters.SNAPSHOT_USES)
        if self._naming.extra_metadata:
            plain[f"{parameters.PREFIX}volumegroupsnapshot/name"] = ref["name"]
            plain[f"{parameters.PREFIX}volumegroupsnapshot/namespace"] = ref["namespace"]
            plain[f"{parameters.PREFIX}volumegroupsnapshotcontent/name"] = title
        return calls.snapshot_name(self._naming.prefix, ref["uid"], self._naming.uid_length), plain

    def get_secrets(self, content: Json) -> dict[str, str]:
        """Secrets of GetVolumeGroupSnapshot; only the content's name is known there. Raises one of UNANSWERED."""
        if not GROUP.class_name(content):
            return {}
        values = class_parameters(GROUP, self._classes, content)
        tokens = parameters.snapshot_tokens(objects.name(content), None, None, kind="volumegroupsnapshot")
        reference = parameters.secret(parameters.GROUP_SNAPSHOTTER_GET, values, *tokens)
        return secrets.read(self._classes.client, reference)
