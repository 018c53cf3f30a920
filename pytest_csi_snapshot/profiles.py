"""What a driver is declared to offer: the axes of the matrices that suites run through.

A file of YAML, read strictly: a key or a value that nobody knows is a mistake, not an absence, since a typing
error would otherwise take tests away in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pytest_csi_snapshot.errors import UsageTrouble

AXES: Mapping[str, tuple[str, ...]] = {
    "volumeModes": ("Filesystem", "Block"),
    "fsTypes": (),
    "accessModes": ("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"),
    "deletionPolicies": ("Delete", "Retain"),
    "bindingModes": ("Immediate", "WaitForFirstConsumer"),
    "sources": ("detached", "idle", "written"),
}
"""Key -> the values it may have; of file systems, those that the driver's StorageClass takes.

``sources`` are the states in which a volume is cut: attached nowhere, attached and idle, attached and written.
"""


@dataclass(frozen=True)
class Profile:
    """A declared driver. ``axes`` has every key of AXES; no file system means that of the StorageClass."""

    axes: Mapping[str, tuple[str, ...]]


UNDECLARED = Profile({**AXES, "fsTypes": (), "accessModes": ("ReadWriteOnce",)})
"""A driver of which nothing is said: what any may be asked for; one without Block volumes says so itself."""

REFERENCE = Profile({**AXES, "fsTypes": ("xfs", "ext4"), "accessModes": ("ReadWriteOnce", "ReadWriteOncePod")})
"""The bundled driver."""


def read_profile(path: Path) -> Profile:
    """A profile from a file. Raises UsageTrouble, one line, where it is no YAML or says something unknown."""
    try:
        body = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageTrouble(f"--csi-profile: {path} cannot be read", why=" ".join(str(error).split())) from error
    if not isinstance(body, dict):
        raise UsageTrouble(f"--csi-profile: {path} is not a mapping of keys: {', '.join(AXES)}")
    axes = dict(UNDECLARED.axes)
    for word, given in body.items():
        key = _known(path, "key", str(word), tuple(AXES))
        axes[key] = _values(path, key, given)
    return Profile(axes)


def _values(path: Path, key: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(each, str) and each for each in given):
        raise UsageTrouble(f"--csi-profile: {path}: {key} is not a list of words")
    values = tuple(dict.fromkeys(given))
    if allowed := AXES[key]:
        for value in values:
            _known(path, f"value of {key}", value, allowed)
    return values


def _known(path: Path, what: str, word: str, allowed: tuple[str, ...]) -> str:
    from pytest_csi_snapshot.spelling import nearest

    if word not in allowed:
        raise UsageTrouble(f"--csi-profile: {path}: unknown {what} {word!r}; {nearest(word, allowed)}")
    return word
