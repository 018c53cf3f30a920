"""Binding is one to one: two contents never claim the same snapshot at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.invariants.finding import Finding
from pytest_csi_snapshot.labels import referred


def one_content_per_snapshot(
    contents: list[list[Version]], since: int, clause: str = "BIND-001"
) -> Iterator[Finding]:
    """Replay the contents in order of arrival; tell each moment at which a snapshot gets a second content."""
    holds: dict[str, tuple[str, str]] = {}  # uid of a content -> its name, the uid of the snapshot that it claims
    for version in sorted((v for versions in contents for v in versions), key=lambda v: v.position):
        _, before = holds.pop(version.uid, ("", ""))
        claimed = str(referred(version.object).get("uid") or "")
        if version.deleted or not claimed:
            continue
        others = sorted(name for name, snapshot in holds.values() if snapshot == claimed)
        holds[version.uid] = (version.name, claimed)
        if others and claimed != before and version.position >= since:
            yield Finding(
                clause,
                expected="at most one content bound to it",
                observed=f"{version.name} beside {', '.join(others)}",
                about=f"{version.kind.kind.removesuffix('Content')} with uid {claimed}",
                at=version.at,
            )
