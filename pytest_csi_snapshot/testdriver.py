"""Kubernetes' own driver files (``e2e.test -storage.testdriver=FILE``), read as profiles.

Taken as they are: a file that describes a driver to those tests describes it here. Those tests ignore what they do
not know, so that a typing error turns a capability off; here it is a remark. A capability that the file leaves
out is found out; one that it denies is not tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_csi_snapshot.capabilities import CAPABILITIES
from pytest_csi_snapshot.durations import parse_duration
from pytest_csi_snapshot.profiles import AXES, UNDECLARED, Profile, consistent, sizes_of
from pytest_csi_snapshot.spelling import nearest

Json = dict[str, Any]

_CLASS = frozenset({"FromName", "FromFile", "FromExistingClassName"})
_TOP: Mapping[str, frozenset[str] | None] = {
    "StorageClass": _CLASS,
    "SnapshotClass": _CLASS,
    "GroupSnapshotClass": _CLASS,
    "VolumeAttributesClass": _CLASS,
    "DriverInfo": frozenset(
        {"Name", "InTreePluginName", "TestTags", "FeatureTag", "MaxFileSize", "SupportedSizeRange"}
        | {"SupportedFsType", "SupportedMountOption", "RequiredMountOption", "Capabilities", "RequiredAccessModes"}
        | {"TopologyKeys", "NumAllowedTopologies", "StressTestOptions", "VolumeSnapshotStressTestOptions"}
        | {"VolumeModifyStressTestOptions", "PerformanceTestOptions", "VolumeGroupSnapshotStressTestOptions"}
    ),
    "InlineVolumes": None,
    "ClientNodeName": None,
    "NodeSelectors": None,
    "Timeouts": None,
    "ShortName": None,
}
"""Key -> the keys below it, None for what is not looked into; ``ShortName``, ``FeatureTag`` are of old files."""

_OTHER_CAPABILITIES = (
    "persistence", "fsGroup", "volumeMountGroup", "exec", "snapshotMetadata", "multipods", "RWX", "volumeLimits",
    "singleNodeVolume", "topology", "capacity", "FSResizeFromSourceNotSupported", "readWriteOncePod",
    "multiplePVsSameID", "capReadOnlyMany", "seLinuxMount",
)  # fmt: skip
"""Those that no capability of ours is the same as; three of them say something all the same."""

_PHASES: Mapping[str, str] = {
    "ClaimProvision": "bind",
    "DataSourceProvision": "bind",
    "SnapshotCreate": "snapshot",
    "PodStart": "pod",
    "PodStartSlow": "pod",
    "SnapshotDelete": "deletion",
    "PVDelete": "release",
    "PVDeleteSlow": "release",
}
"""Their timeout -> the phase of ours; of several the longest counts."""

_OTHER_TIMEOUTS = (
    "Poll", "PodStartShort", "PodDelete", "ClaimProvisionShort", "ClaimBound", "PVReclaim", "PVBound", "PVCreate",
    "SnapshotControllerMetrics", "SystemPodsStartup", "NodeSchedulable", "SystemDaemonsetStartup", "NodeNotReady",
    "ClaimUnusedCondition",
)  # fmt: skip

_LEAST = "5Gi"
"""What these files mean where they name no least size."""


def is_testdriver(body: Any) -> bool:
    """Whether a document is such a file and not one of ours: its keys begin with capitals."""
    return isinstance(body, dict) and any(key in _TOP for key in body)


def from_testdriver(body: Json, origin: str) -> Profile:
    """The profile that such a file declares. Raises ValueError, one line, where a part has not its form."""
    info = _part(body, "DriverInfo")
    if not info.get("Name"):
        raise ValueError("DriverInfo.Name is not set")
    given, sizes = _flags(info), _part(info, "SupportedSizeRange", "DriverInfo.")
    return consistent(
        Profile(
            _axes(info, given),
            origin=origin,
            driver=str(info["Name"]),
            storage_class=str(_part(body, "StorageClass").get("FromExistingClassName") or ""),
            snapshot_class=str(_part(body, "SnapshotClass").get("FromExistingClassName") or ""),
            group_class=str(_part(body, "GroupSnapshotClass").get("FromExistingClassName") or ""),
            capabilities=_capabilities(given),
            said=frozenset({"accessModes"} if info.get("RequiredAccessModes") else ()),
            sizes=sizes_of(str(sizes.get("Min") or _LEAST), "", str(sizes.get("Max") or "")),
            timeouts=_timeouts(_part(body, "Timeouts")),
            node=str(body.get("ClientNodeName") or ""),
            node_selector={str(key): str(value) for key, value in _part(body, "NodeSelectors").items()},
            remarks=(*_unknown(body), *_not_taken(body)),
        )
    )


def _part(body: Json, key: str, above: str = "") -> Json:
    part = body.get(key) or {}
    if not isinstance(part, dict):
        raise ValueError(f"{above}{key} is not a mapping of keys")
    return part


def _flags(info: Json) -> dict[str, bool]:
    given = _part(info, "Capabilities", "DriverInfo.")
    for name, value in given.items():
        if not isinstance(value, bool):
            raise ValueError(f"DriverInfo.Capabilities.{name} is neither true nor false")
    return given


def _capabilities(given: Mapping[str, bool]) -> dict[str, bool]:
    told = {name: given[each.testdriver] for name, each in CAPABILITIES.items() if each.testdriver in given}
    if told.get("expansion"):  # what these files mean by it
        told = {"onlineExpansion": True, "offlineExpansion": True, **told}
    if "FSResizeFromSourceNotSupported" in given:
        told["filesystemGrowth"] = not given["FSResizeFromSourceNotSupported"]
    return told


def _axes(info: Json, given: Mapping[str, bool]) -> dict[str, tuple[str, ...]]:
    types = [str(each) for each in info.get("SupportedFsType") or () if each and each != "ntfs"]
    modes = ["ReadWriteOnce", *(mode for flag, mode in (("readWriteOncePod", "ReadWriteOncePod"),
                                                        ("RWX", "ReadWriteMany")) if given.get(flag))]  # fmt: skip
    required = [mode for mode in info.get("RequiredAccessModes") or () if mode in AXES["accessModes"]]
    return {**UNDECLARED.axes, "fsTypes": tuple(types), "accessModes": tuple(required or modes)}


def _timeouts(given: Json) -> dict[str, float]:
    told: dict[str, float] = {}
    for name, span in given.items():
        if phase := _PHASES.get(name):
            told[phase] = max(told.get(phase, 0.0), parse_duration(str(span)))
    return told


def _unknown(body: Json) -> Iterator[str]:
    known = {
        "": tuple(_TOP),
        **{f"{key}.": tuple(below) for key, below in _TOP.items() if below},
        "DriverInfo.SupportedSizeRange.": ("Min", "Max"),
        "DriverInfo.Capabilities.": (
            *_OTHER_CAPABILITIES, *(each.testdriver for each in CAPABILITIES.values() if each.testdriver)
        ),
        "Timeouts.": (*_PHASES, *_OTHER_TIMEOUTS),
    }  # fmt: skip
    for path, keys in known.items():
        part: Any = body
        for step in path.split(".")[:-1]:
            part = part.get(step) if isinstance(part, dict) else None
        for key in part if isinstance(part, dict) else ():
            if key not in keys:
                yield f"unknown key {path}{key}; {nearest(str(key), keys)}"


def _not_taken(body: Json) -> Iterator[str]:
    for key, option in (
        ("StorageClass", "storage"),
        ("SnapshotClass", "snapshot"),
        ("GroupSnapshotClass", "group"),
    ):
        part = _part(body, key)
        if part.get("FromFile") and not part.get("FromName"):
            yield (f"{key}.FromFile is not applied: create the class in {part['FromFile']} and name it with "
                   f"--csi-{option}-class; without that, the driver's own class is taken")  # fmt: skip
