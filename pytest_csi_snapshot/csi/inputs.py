"""What a driver needs in its requests: secrets and parameters, from files of the user or from classes.

The file of secrets has the shape that csi-sanity's has: one key for each method, a map of texts below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

RESERVED = "csi.storage.k8s.io/"
"""Keys of a class that begin so are for the sidecars, and never reach a driver."""
FS_TYPE = RESERVED + "fstype"

SECRETS: Mapping[str, str] = {
    "CreateVolumeSecret": "CreateVolume",
    "DeleteVolumeSecret": "DeleteVolume",
    "ControllerPublishVolumeSecret": "ControllerPublishVolume",
    "ControllerUnpublishVolumeSecret": "ControllerUnpublishVolume",
    "ControllerValidateVolumeCapabilitiesSecret": "ValidateVolumeCapabilities",
    "ControllerExpandVolumeSecret": "ControllerExpandVolume",
    "ControllerModifyVolumeSecret": "ControllerModifyVolume",
    "NodeStageVolumeSecret": "NodeStageVolume",
    "NodePublishVolumeSecret": "NodePublishVolume",
    "NodeExpandVolumeSecret": "NodeExpandVolume",
    "CreateSnapshotSecret": "CreateSnapshot",
    "DeleteSnapshotSecret": "DeleteSnapshot",
    "ListSnapshotsSecret": "ListSnapshots",
    "GetSnapshotSecret": "GetSnapshot",
    "CreateVolumeGroupSnapshotSecret": "CreateVolumeGroupSnapshot",
    "DeleteVolumeGroupSnapshotSecret": "DeleteVolumeGroupSnapshot",
    "GetVolumeGroupSnapshotSecret": "GetVolumeGroupSnapshot",
}
"""Key of the file -> method whose requests get the secrets."""


@dataclass(frozen=True)
class Inputs:
    """What goes into requests. ``secrets`` is by method, ``parameters`` and ``fs_type`` are for CreateVolume."""

    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    fs_type: str = ""
    snapshot_parameters: Mapping[str, str] = field(default_factory=dict)

    def secrets_for(self, method: str) -> Mapping[str, str]:
        """Empty where none were given."""
        return self.secrets.get(method, {})

    @property
    def secret_values(self) -> tuple[str, ...]:
        """Everything that no text may repeat; a value of a few letters would hide half of each sentence."""
        values = {value for each in self.secrets.values() for value in each.values()}
        return tuple(value for value in values if len(value) > 3)


def read_secrets(path: str) -> dict[str, dict[str, str]]:
    """Secrets by method. Raises ValueError, one line, for an unknown key or a wrong shape."""
    found = {}
    for key, values in _mapping(path, _document(path)).items():
        if key not in SECRETS:
            raise ValueError(f"{path}: unknown key {key!r}; {_nearest(key, SECRETS)}")
        found[SECRETS[key]] = _texts(f"{path}: {key}", values)
    return found


def read_parameters(path: str) -> dict[str, str]:
    """Parameters of a class, ``csi.storage.k8s.io/fstype`` included. Raises ValueError, one line."""
    found = _texts(path, _document(path))
    for key in found:
        if key.startswith(RESERVED) and key != FS_TYPE:
            raise ValueError(f"{path}: unknown key {key!r}; {_nearest(key, [FS_TYPE])}")
    return found


def of_class(parameters: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """What of a class's parameters reaches the driver, and the type of filesystem that they ask for."""
    plain = {key: value for key, value in parameters.items() if not key.startswith(RESERVED)}
    return plain, parameters.get(FS_TYPE, "")


def _nearest(word: str, known: Iterable[str]) -> str:
    from pytest_csi_snapshot.spelling import nearest

    return nearest(word, known)


def _document(path: str) -> Any:
    try:
        # Every scalar as the text it is written as: parameters and secrets are texts.
        return yaml.load(Path(path).read_text(), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        # The problem alone: the whole message would show a piece of the file, which may hold secrets.
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"{path}{f':{mark.line + 1}' if mark else ''} is not YAML") from None


def _mapping(where: str, value: Any) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{where}: a map of names is needed")
    return value


def _texts(where: str, value: Any) -> dict[str, str]:
    found = _mapping(where, value)
    for key, text in found.items():
        if not isinstance(text, str):
            raise ValueError(f"{where}: the value of {key!r} is not a text")
    return found
