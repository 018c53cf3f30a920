"""Profiles: what a driver is declared to offer, and within which bounds a run may use it.

A file of YAML, read strictly: a key or a value that nobody knows is a mistake, not an absence, since a typing
error would otherwise take tests away in silence. Its form is published (``profile.schema.json``). Kubernetes' own
driver files are read as well, see ``testdriver``; the two are told apart by their keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from pytest_csi_snapshot.capabilities import NAMES
from pytest_csi_snapshot.durations import parse_duration
from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.quantities import format_quantity, parse_quantity
from pytest_csi_snapshot.schema import complaints
from pytest_csi_snapshot.sizes import Sizes

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
    """A declared driver. Empty values mean: not said.

    ``axes`` has every key of AXES; no file system means that of the StorageClass; ``said`` are the keys that the
    file has. ``capabilities`` are by the names of ``capabilities.CAPABILITIES``, ``timeouts`` in seconds by phase
    (``limits.PHASES``), ``interval`` the least seconds between two snapshots of one volume, ``secrets`` are
    NAMESPACE/NAME. ``remarks`` are lines about what a file says and this run does not take up; ``origin`` is its
    path, "" where nothing was declared.
    """

    axes: Mapping[str, tuple[str, ...]]
    origin: str = ""
    driver: str = ""
    storage_class: str = ""
    snapshot_class: str = ""
    group_class: str = ""
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    said: frozenset[str] = frozenset()
    sizes: Sizes = field(default_factory=Sizes)
    timeouts: Mapping[str, float] = field(default_factory=dict)
    interval: float = 0.0
    volumes_at_once: int = 0
    pods_at_once: int = 0
    node: str = ""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def declares(self, need: str) -> bool | None:
        """What is declared of a need of clauses (``requirements.NEEDS``); None where nothing is."""
        return self.capabilities.get(NAMES.get(need, ""))


UNDECLARED = Profile({**AXES, "fsTypes": (), "accessModes": ("ReadWriteOnce",)})
"""A driver of which nothing is said: what any may be asked for; one without Block volumes says so itself."""

REFERENCE = Profile({**AXES, "fsTypes": ("xfs", "ext4"), "accessModes": ("ReadWriteOnce", "ReadWriteOncePod")})
"""The bundled driver."""


@cache
def profile_schema() -> dict[str, Any]:
    """The published form of a profile."""
    text = files("pytest_csi_snapshot").joinpath("profile.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def read_profile(path: Path) -> Profile:
    """A profile from a file. Raises UsageTrouble, one line, where it is no YAML or says something unknown."""
    from pytest_csi_snapshot.testdriver import from_testdriver, is_testdriver

    try:
        body = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageTrouble(f"--csi-profile: {path} cannot be read", why=" ".join(str(error).split())) from error
    try:
        profile = from_testdriver(body, str(path)) if is_testdriver(body) else _from_profile(body, str(path))
    except ValueError as error:
        raise UsageTrouble(f"--csi-profile: {path}: {error}") from error
    return profile


def _from_profile(body: Any, origin: str) -> Profile:
    for complaint in complaints(body, profile_schema()):
        raise ValueError(complaint)
    size, at_once = body.get("size", {}), body.get("atOnce", {})
    capabilities = dict(body.get("capabilities", {}))
    axes = {key: tuple(dict.fromkeys(body.get(key, UNDECLARED.axes[key]))) for key in AXES}
    return consistent(
        Profile(
            axes,
            origin=origin,
            driver=body.get("driver", ""),
            storage_class=body.get("storageClass", ""),
            snapshot_class=body.get("snapshotClass", ""),
            group_class=body.get("groupClass", ""),
            capabilities=with_modes(capabilities, body.get("volumeModes", [])),
            said=frozenset(body),
            sizes=sizes_of(size.get("least", ""), size.get("step", ""), size.get("limit", "")),
            timeouts={phase: parse_duration(span) for phase, span in body.get("timeouts", {}).items()},
            interval=parse_duration(body["snapshotInterval"]) if "snapshotInterval" in body else 0.0,
            volumes_at_once=at_once.get("volumes", 0),
            pods_at_once=at_once.get("pods", 0),
            node_selector=body.get("nodeSelector", {}),
            secrets=tuple(body.get("secrets", ())),
        )
    )


def with_modes(capabilities: Mapping[str, bool], modes: list[str]) -> dict[str, bool]:
    """Raw block volumes are declared by the volume modes too. Raises ValueError where the two differ."""
    told = dict(capabilities)
    if modes and told.setdefault("block", "Block" in modes) is not ("Block" in modes):
        raise ValueError(
            f"capabilities.block is {str(told['block']).lower()}, and volumeModes are {', '.join(modes)}"
        )
    return told


def sizes_of(least: str, step: str, limit: str) -> Sizes:
    """Sizes from quantities, "" for what is not said. Raises ValueError where one is none."""
    said = ((least, 0), (step, 1), (limit, 0))
    return Sizes(*(_bytes(text) if text else default for text, default in said))


def _bytes(text: str) -> int:
    try:
        return parse_quantity(text)
    except ArithmeticError:
        raise ValueError(f"{text!r} is not a size, like 1Gi") from None


def consistent(profile: Profile) -> Profile:
    """The profile itself, its axes without what its capabilities exclude. Raises ValueError where none is left."""
    sizes = profile.sizes
    if sizes.exceeded_by(sizes.ordinary):
        limit, ordinary = format_quantity(sizes.limit), format_quantity(sizes.ordinary)
        raise ValueError(f"size.limit {limit} is less than a volume of {ordinary}")
    axes = dict(profile.axes)
    if profile.capabilities.get("block") is False:
        axes["volumeModes"] = tuple(mode for mode in axes["volumeModes"] if mode != "Block")
    if not axes["volumeModes"]:
        raise ValueError("there is no volume mode left: capabilities.block is false")
    return replace(profile, axes=axes)
