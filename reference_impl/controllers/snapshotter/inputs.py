"""What a CSI call about a content needs besides its handle: parameters and secrets (SEC-001, SEC-005, SEC-006)."""

from __future__ import annotations

from dataclasses import dataclass

from .. import parameters
from ..csi import secrets
from ..csi.secrets import SecretError
from ..forms import SINGLE, Form
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..parameters import ParameterError
from . import calls


class InputError(Exception):
    """A call cannot be made, or did not give a snapshot; the text is for ``status.error``."""


@dataclass(frozen=True)
class Naming:
    """Options about the CSI call: name of the snapshot, and whether the driver is told of the objects."""

    prefix: str = "snapshot"
    uid_length: int = -1
    extra_metadata: bool = False


class Inputs:
    """Looks up what calls need."""

    def __init__(self, classes: Collection, naming: Naming) -> None:
        self._classes = classes
        self._naming = naming

    def for_creation(self, content: Json) -> tuple[str, dict[str, str], dict[str, str]]:
        """Name, parameters and secrets of CreateSnapshot. Raises InputError, ParameterError."""
        title, ref = objects.name(content), content["spec"]["volumeSnapshotRef"]
        try:
            values = class_parameters(SINGLE, self._classes, content)
            tokens = parameters.snapshot_tokens(title, ref["name"], ref["namespace"])
            reference = parameters.secret(parameters.SNAPSHOTTER, values, *tokens)
            credentials = secrets.read(self._classes.client, reference)
        except (InputError, ParameterError, SecretError) as error:
            text = f'failed to get input parameters to create snapshot for content {title}: "{error}"'
            raise InputError(text) from error
        try:
            plain = parameters.for_driver(values, parameters.SNAPSHOT_USES)
        except ParameterError as error:
            raise InputError(f"failed to remove CSI Parameters of prefixed keys: {error}") from error
        if self._naming.extra_metadata:
            plain[f"{parameters.PREFIX}volumesnapshot/name"] = ref["name"]
            plain[f"{parameters.PREFIX}volumesnapshot/namespace"] = ref["namespace"]
            plain[f"{parameters.PREFIX}volumesnapshotcontent/name"] = title
        name = calls.snapshot_name(self._naming.prefix, ref["uid"], self._naming.uid_length)
        return name, plain, credentials

    def list_secrets(self, content: Json) -> dict[str, str]:
        """Secrets of ListSnapshots; only the content's name is known there (SEC-006). Raises as above."""
        if not content["spec"].get("volumeSnapshotClassName"):
            return {}
        values = class_parameters(SINGLE, self._classes, content)
        tokens = parameters.snapshot_tokens(objects.name(content), None, None)
        return secrets.read(self._classes.client, parameters.secret(parameters.SNAPSHOTTER_LIST, values, *tokens))


def class_parameters(form: Form, classes: Collection, content: Json) -> dict[str, str]:
    """The parameters of the content's class. Raises InputError."""
    name = form.class_name(content)
    snapshot_class = classes.find(name) if name else None
    if snapshot_class is None:
        named = f'{form.snapshot_class.singular} "{name}" not found' if name else "no class is named"
        raise InputError(f"failed to get {form.noun} class: {named}")
    return dict(snapshot_class.get("parameters") or {})
