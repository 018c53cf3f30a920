"""How long things took: phases in the life of objects, from one version to another.

What a driver's users feel, and what can be compared between runs: of the harness only the way of events is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_csi_snapshot.conditions import (
    BOUND,
    POD_DONE,
    POD_READY,
    POD_RUNNING,
    READY,
    TERMINATING,
    capacity_of,
    request_of,
    status_of,
)
from pytest_csi_snapshot.history import Version

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Phase:
    """From the first version for which ``begins`` to the first one from there on for which ``ends``."""

    name: str
    kind: str
    begins: Callable[[Version], bool]
    ends: Callable[[Version], bool]


def _is(holds: Callable[[Json], bool]) -> Callable[[Version], bool]:
    return lambda version: not version.deleted and holds(version.object)


def _seen(version: Version) -> bool:
    return version.change == "ADDED"


def _gone(version: Version) -> bool:
    return version.deleted


def _asked_to_grow(claim: Json) -> bool:
    return 0 < capacity_of(claim) < request_of(claim)


def _has_grown(claim: Json) -> bool:
    return capacity_of(claim) >= request_of(claim)


_going, _ready = _is(TERMINATING.holds), _is(READY.holds)

PHASES: tuple[Phase, ...] = (
    Phase("snapshot bound", "VolumeSnapshot", _seen,
          _is(lambda body: bool(status_of(body).get("boundVolumeSnapshotContentName")))),
    Phase("snapshot ready", "VolumeSnapshot", _seen, _ready),
    Phase("snapshot deleted", "VolumeSnapshot", _going, _gone),
    Phase("content deleted", "VolumeSnapshotContent", _going, _gone),
    Phase("group snapshot ready", "VolumeGroupSnapshot", _seen, _ready),
    Phase("group snapshot deleted", "VolumeGroupSnapshot", _going, _gone),
    Phase("claim bound", "PersistentVolumeClaim", _seen, _is(BOUND.holds)),
    Phase("volume expanded", "PersistentVolumeClaim", _is(_asked_to_grow), _is(_has_grown)),
    Phase("claim deleted", "PersistentVolumeClaim", _going, _gone),
    Phase("volume deleted", "PersistentVolume",
          _is(lambda body: status_of(body).get("phase") == "Released"), _gone),
    Phase("pod running", "Pod", _seen, _is(POD_RUNNING.holds)),
    Phase("pod ready", "Pod", _seen, _is(POD_READY.holds)),
    Phase("pod done", "Pod", _seen, _is(POD_DONE.holds)),
    Phase("pod deleted", "Pod", _going, _gone),
)  # fmt: skip


def phases_in(versions: Sequence[Version], *, since: float) -> list[tuple[str, float]]:
    """The phases that an object has gone through, with their seconds.

    Left out are those that did not end, and those that began before ``since``.
    """
    found = []
    for phase in PHASES:
        if versions and versions[0].kind.kind == phase.kind:
            begun = next((version for version in versions if phase.begins(version)), None)
            rest = (version for version in versions if begun and version.position >= begun.position)
            ended = next((version for version in rest if phase.ends(version)), None)
            if begun and ended and begun.at >= since:
                found.append((phase.name, ended.at - begun.at))
    return found
