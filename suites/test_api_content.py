"""API-VSC: what the API server must refuse of a VolumeSnapshotContent, and what it must accept.

All on one content of a driver that does not exist, so that no controller touches it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario

BY_VOLUME = {"volumeHandle": "volume-1"}
BY_SNAPSHOT = {"snapshotHandle": "snapshot-1"}


def spec_of(csi: Scenario, source: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A valid spec, with some fields changed."""
    return {
        "driver": "nobody.example.com",
        "deletionPolicy": "Retain",
        "source": source,
        "volumeSnapshotRef": {"name": "snapshot", "namespace": csi.namespace},
        **changes,
    }


def stored(csi: Scenario, source: dict[str, str], **changes: Any) -> Handle:
    csi.ledger.forsaken.add("nobody.example.com")
    meta = {"name": csi.api.mark.fresh("content")}
    return csi.create(SNAPSHOT_CONTENT, {"metadata": meta, "spec": spec_of(csi, source, **changes)})


@pytest.mark.csi_clause("API-VSC-001", "API-VSC-009")
def test_source_and_required_fields(csi: Scenario) -> None:
    csi.needs_rules("API-VSC-001", SNAPSHOT_CONTENT)

    def create(source: dict[str, str], **changes: Any) -> dict[str, Any]:
        return csi.try_create(SNAPSHOT_CONTENT, spec=spec_of(csi, source, **changes))

    csi.refuses("API-VSC-001", "neither handle", lambda: create({}), "exactly one of")
    csi.refuses("API-VSC-001", "both handles", lambda: create(BY_VOLUME | BY_SNAPSHOT), "exactly one of")
    csi.accepts("API-VSC-001", "a volume handle", lambda: create(BY_VOLUME))
    csi.accepts("API-VSC-001", "a snapshot handle", lambda: create(BY_SNAPSHOT))
    for field in ("deletionPolicy", "driver", "source", "volumeSnapshotRef"):
        whole = spec_of(csi, BY_SNAPSHOT)
        del whole[field]
        attempt = partial(csi.try_create, SNAPSHOT_CONTENT, spec=whole)
        csi.refuses("API-VSC-009", f"no {field}", attempt, f"spec.{field}: Required value")
    csi.refuses(
        "API-VSC-009",
        "an invented policy",
        lambda: create(BY_SNAPSHOT, deletionPolicy="Keep"),
        "Unsupported value",
    )


@pytest.mark.csi_clause("API-VSC-002", "API-VSC-003")
def test_volume_handle_is_fixed(csi: Scenario) -> None:
    csi.needs_rules("API-VSC-002", SNAPSHOT_CONTENT)
    content = stored(csi, BY_VOLUME)
    csi.refuses(
        "API-VSC-002",
        "another volume handle",
        lambda: csi.try_patch(content, {"spec": {"source": {"volumeHandle": "volume-2"}}}),
        "volumeHandle is immutable",
    )
    csi.refuses(
        "API-VSC-003",
        "a snapshot handle instead",
        lambda: csi.try_replace(content, spec=spec_of(csi, BY_SNAPSHOT)),
        "volumeHandle is required once set",
    )


@pytest.mark.csi_clause("API-VSC-004", "API-VSC-005")
def test_snapshot_handle_is_fixed(csi: Scenario) -> None:
    csi.needs_rules("API-VSC-004", SNAPSHOT_CONTENT)
    content = stored(csi, BY_SNAPSHOT)
    csi.refuses(
        "API-VSC-004",
        "another snapshot handle",
        lambda: csi.try_patch(content, {"spec": {"source": {"snapshotHandle": "snapshot-2"}}}),
        "snapshotHandle is immutable",
    )
    csi.refuses(
        "API-VSC-005",
        "a volume handle instead",
        lambda: csi.try_replace(content, spec=spec_of(csi, BY_VOLUME)),
        "snapshotHandle is required once set",
    )


@pytest.mark.csi_clause("API-VSC-006", "API-VSC-007")
def test_volume_mode_is_fixed_once_set(csi: Scenario) -> None:
    csi.needs_rules("API-VSC-006", SNAPSHOT_CONTENT)
    without = stored(csi, BY_SNAPSHOT)
    csi.accepts(
        "API-VSC-006",
        "a mode added later",
        lambda: csi.try_patch(without, {"spec": {"sourceVolumeMode": "Filesystem"}}),
    )
    content = stored(csi, BY_SNAPSHOT, sourceVolumeMode="Filesystem")
    csi.refuses(
        "API-VSC-006",
        "another mode",
        lambda: csi.try_patch(content, {"spec": {"sourceVolumeMode": "Block"}}),
        "sourceVolumeMode is immutable",
    )
    csi.refuses(
        "API-VSC-007",
        "the mode taken away",
        lambda: csi.try_replace(content, spec=spec_of(csi, BY_SNAPSHOT)),
        "sourceVolumeMode is required once set",
    )


@pytest.mark.csi_clause("API-VSC-008", "API-VSC-010")
def test_snapshot_reference_is_whole_but_not_guarded(csi: Scenario) -> None:
    csi.needs_rules("API-VSC-008", SNAPSHOT_CONTENT)
    content = stored(csi, BY_SNAPSHOT)
    for present in ("name", "namespace"):
        half = spec_of(csi, BY_SNAPSHOT, volumeSnapshotRef={present: csi.namespace})
        create = partial(csi.try_create, SNAPSHOT_CONTENT, spec=half)
        replace = partial(csi.try_replace, content, spec=half)
        csi.refuses("API-VSC-008", f"creation with {present} only", create, "spec.volumeSnapshotRef")
        csi.refuses("API-VSC-008", f"change to {present} only", replace, "spec.volumeSnapshotRef")
    for change in (
        {"volumeSnapshotRef": {"name": "other"}},
        {"volumeSnapshotRef": {"namespace": "other"}},
        {"volumeSnapshotRef": {"uid": "00000000-0000-0000-0000-000000000000"}},
        {"driver": "somebody.example.com"},
        {"deletionPolicy": "Delete"},
        {"volumeSnapshotClassName": "other"},
    ):
        csi.accepts("API-VSC-010", f"spec {change}", partial(csi.try_patch, content, {"spec": change}))


@pytest.mark.csi_clause("API-VSC-011")
def test_status_types(csi: Scenario) -> None:
    content = stored(csi, BY_SNAPSHOT)

    def status(**fields: object) -> dict[str, Any]:
        return csi.try_patch(content, {"status": fields}, subresource="status")

    csi.refuses("API-VSC-011", "a negative size", lambda: status(restoreSize=-1), "greater than or equal to 0")
    csi.accepts("API-VSC-011", "a size of 0", lambda: status(restoreSize=0))
    csi.refuses(
        "API-VSC-011",
        "a date as time",
        lambda: status(creationTime="2026-01-01T00:00:00Z"),
        "must be of type integer",
    )
    csi.accepts("API-VSC-011", "nanoseconds as time", lambda: status(creationTime=1767225600000000000))
