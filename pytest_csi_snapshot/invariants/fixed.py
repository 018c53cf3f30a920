"""Fields that do not change any more once they are set, and readiness that does not fall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_csi_snapshot.history import Json, Version
from pytest_csi_snapshot.invariants.finding import Finding
from pytest_csi_snapshot.kube.kinds import GROUP_CONTENT, GROUP_SNAPSHOT, SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import referred
from pytest_csi_snapshot.observing import describe

CONTENT_FIELDS: Mapping[str, str] = {
    "spec.source.volumeHandle": "API-VSC-002",
    "spec.source.snapshotHandle": "API-VSC-004",
    "spec.sourceVolumeMode": "API-VSC-006",
    "spec.driver": "SNAP-DYN-002",
    "spec.volumeSnapshotRef.namespace": "BIND-001",
    "spec.volumeSnapshotRef.name": "BIND-001",
    "spec.volumeSnapshotRef.uid": "BIND-001",
    "status.snapshotHandle": "STAT-002",
    "status.creationTime": "STAT-003",
    "status.restoreSize": "STAT-005",
}
"""Field of a content -> the clause that fixes it. ``uid`` counts from when it is set: that is the binding."""

SNAPSHOT_FIELDS: Mapping[str, str] = {
    "status.boundVolumeSnapshotContentName": "BIND-001",
    "status.creationTime": "STAT-003",
    "status.restoreSize": "STAT-005",
}


GROUP_CONTENT_FIELDS: Mapping[str, str] = {
    "spec.source.volumeHandles": "API-GRP-005",
    "spec.source.groupSnapshotHandles": "API-GRP-005",
    "spec.driver": "API-GRP-006",
    "spec.volumeGroupSnapshotRef.namespace": "API-GRP-006",
    "spec.volumeGroupSnapshotRef.name": "API-GRP-006",
    "spec.volumeGroupSnapshotRef.uid": "API-GRP-006",
    "status.volumeGroupSnapshotHandle": "API-GRP-006",
    "status.creationTime": "GRP-001",
}

GROUP_FIELDS: Mapping[str, str] = {
    "status.boundVolumeGroupSnapshotContentName": "API-GRP-003",
    "status.creationTime": "GRP-001",
}


@dataclass(frozen=True)
class Steps:
    """The versions of one object, and what is needed to judge the steps between them.

    Steps that arrived before ``since`` were judged before. ``contents`` are the versions of all contents of
    the same namespaces.
    """

    versions: list[Version]
    own: frozenset[str]
    since: int
    contents: list[list[Version]]

    def __iter__(self) -> Iterator[tuple[Version, Version]]:
        """Neighbouring versions, without the steps that the test made itself and without the deletion."""
        for before, after in zip(self.versions, self.versions[1:], strict=False):
            if after.position >= self.since and not after.deleted and after.resource_version not in self.own:
                yield before, after

    def finding(self, clause: str, version: Version, expected: str, observed: str, *, blame: str = "") -> Finding:
        """A violation by one version, with what the object went through up to it (seconds before it)."""
        passed = [seen for seen in self.versions if seen.position <= version.position][-8:]
        timeline = tuple(f"{seen.at - version.at:8.3f} s  {describe(seen)}" for seen in passed)
        about = f"{version.kind} {version.namespace + '/' if version.namespace else ''}{version.name}"
        return Finding(clause, about, expected, observed, version.at, timeline=timeline, blame=blame)


def never_change(steps: Steps, fields: Mapping[str, str]) -> Iterator[Finding]:
    """A field that has a value keeps it, but for what a content on its way out loses."""
    for before, after in steps:
        for path, clause in fields.items():
            old, new = _at(before.object, path), _at(after.object, path)
            if old not in (None, "") and old != new and not (new is None and _emptied(after, path)):
                expected, observed = f"{path} stays {old!r}", f"{path} became {new!r}"
                yield steps.finding(clause, after, expected, observed, blame=writer(after, path))


def stays_ready(steps: Steps, clause: str = "STAT-007") -> Iterator[Finding]:
    """``readyToUse`` does not fall from true, unless the binding broke (BIND-005, BIND-006)."""
    for before, after in steps:
        was, now = _at(before.object, "status.readyToUse"), _at(after.object, "status.readyToUse")
        if now is None and _emptied(after, "status.readyToUse"):
            continue
        if was is True and now is not True and not _binding_broke(after, steps.contents):
            why = f"it became {now!r} with status.error {_at(after.object, 'status.error.message')!r}"
            blame = writer(after, "status.readyToUse")
            yield steps.finding(clause, after, "status.readyToUse stays true", why, blame=blame)


def writer(version: Version, path: str) -> str:
    """Who writes a field: the status of contents is the sidecar's, all else the snapshot-controller's."""
    of_content = version.kind in (SNAPSHOT_CONTENT, GROUP_CONTENT)
    return "SS" if of_content and path.startswith("status.") else "SC"


_BOUND = {
    SNAPSHOT: "boundVolumeSnapshotContentName",
    GROUP_SNAPSHOT: "boundVolumeGroupSnapshotContentName",
}
"""Kind of a snapshot -> the field of its status that names its content."""


def _emptied(version: Version, path: str) -> bool:
    """Whether a field belongs to the status that a content loses once its snapshot is gone, before its end."""
    return (
        version.kind in (SNAPSHOT_CONTENT, GROUP_CONTENT)
        and path.startswith("status.")
        and "deletionTimestamp" in version.object["metadata"]
    )


def _binding_broke(snapshot: Version, contents: list[list[Version]]) -> bool:
    if snapshot.kind not in _BOUND:
        return False
    name = _at(snapshot.object, f"status.{_BOUND[snapshot.kind]}")
    for versions in contents:
        if versions[0].name == name:
            return any(
                version.deleted or referred(version.object).get("uid") not in (snapshot.uid, "", None)
                for version in versions
            )
    return False


def _at(body: Json, path: str) -> Any:
    value: Any = body
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
