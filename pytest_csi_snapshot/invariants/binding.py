"""Binding is one to one: two contents never claim the same snapshot at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.invariants.finding import Finding


def one_content_per_snapshot(contents: list[list[Version]], since: int) -> Iterator[Finding]:
    """Replay the contents in order of arrival; tell each moment at which a snapshot gets a second content."""
    holds: dict[str, tuple[str, str]] = {}  # uid of a content -> its name, the uid of the snapshot that it claims
    for version in sorted((v for versions in contents for v in versions), key=lambda v: v.position):
        _, before = holds.pop(version.uid, ("", ""))
        claimed = str((version.object["spec"].get("volumeSnapshotRef") or {}).get("uid") or "")
        if version.deleted or not claimed:
            continue
        others = sorted(name for name, snapshot in holds.values() if snapshot == claimed)
        holds[version.uid] = (version.name, claimed)
        if others and claimed != before and version.position >= since:
            yield Finding(
                "BIND-001",
                expected="at most one content bound to it",
                observed=f"{version.name} beside {', '.join(others)}",
                about=f"VolumeSnapshot with uid {claimed}",
                at=version.at,
            )
