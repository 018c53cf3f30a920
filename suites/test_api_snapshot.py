"""API-VS: what the API server must refuse of a VolumeSnapshot, and what it must accept."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario

FROM_CLAIM = {"persistentVolumeClaimName": "claim"}
FROM_CONTENT = {"volumeSnapshotContentName": "content"}


def stored(csi: Scenario, source: dict[str, str]) -> Handle:
    """A VolumeSnapshot that no controller gets on with: its class does not exist (CLS-002, SNAP-PRE-002)."""
    return csi.create(SNAPSHOT, {"spec": {"source": source, "volumeSnapshotClassName": csi.api.mark.fresh()}})


@pytest.mark.csi_clause("API-VS-001", "API-VS-007")
def test_exactly_one_source_is_required(csi: Scenario) -> None:
    csi.needs_rules("API-VS-001", SNAPSHOT)

    def create(**spec: object) -> object:
        return csi.try_create(SNAPSHOT, spec=spec)

    csi.refuses("API-VS-001", "neither source", lambda: create(source={}), "exactly one of")
    csi.refuses("API-VS-001", "both sources", lambda: create(source=FROM_CLAIM | FROM_CONTENT), "exactly one of")
    csi.accepts("API-VS-001", "a claim", lambda: csi.try_create(SNAPSHOT, spec={"source": FROM_CLAIM}))
    csi.accepts("API-VS-001", "a content", lambda: csi.try_create(SNAPSHOT, spec={"source": FROM_CONTENT}))
    csi.refuses("API-VS-007", "no spec", lambda: csi.try_create(SNAPSHOT), "spec: Required value")
    csi.refuses("API-VS-007", "no spec.source", create, "spec.source: Required value")


@pytest.mark.csi_clause("API-VS-002", "API-VS-003")
def test_claim_as_source_is_fixed(csi: Scenario) -> None:
    csi.needs_rules("API-VS-002", SNAPSHOT)
    snapshot = stored(csi, FROM_CLAIM)
    spec = csi.get(snapshot)["spec"]
    csi.refuses(
        "API-VS-002",
        "another claim",
        lambda: csi.try_patch(snapshot, {"spec": {"source": {"persistentVolumeClaimName": "other"}}}),
        "persistentVolumeClaimName is immutable",
    )
    csi.refuses(
        "API-VS-003",
        "a content instead of the claim",
        lambda: csi.try_replace(snapshot, spec={**spec, "source": FROM_CONTENT}),
        "persistentVolumeClaimName is required once set",
    )


@pytest.mark.csi_clause("API-VS-004", "API-VS-005")
def test_content_as_source_is_fixed(csi: Scenario) -> None:
    csi.needs_rules("API-VS-004", SNAPSHOT)
    snapshot = stored(csi, FROM_CONTENT)
    spec = csi.get(snapshot)["spec"]
    csi.refuses(
        "API-VS-004",
        "another content",
        lambda: csi.try_patch(snapshot, {"spec": {"source": {"volumeSnapshotContentName": "other"}}}),
        "volumeSnapshotContentName is immutable",
    )
    csi.refuses(
        "API-VS-005",
        "a claim instead of the content",
        lambda: csi.try_replace(snapshot, spec={**spec, "source": FROM_CLAIM}),
        "volumeSnapshotContentName is required once set",
    )


@pytest.mark.csi_clause("API-VS-006")
def test_class_name_may_be_absent_but_not_empty(csi: Scenario) -> None:
    csi.needs_rules("API-VS-006", SNAPSHOT)

    def create(**class_name: str) -> dict[str, object]:
        return csi.try_create(SNAPSHOT, spec={"source": FROM_CLAIM, **class_name})

    csi.refuses(
        "API-VS-006", "an empty class", lambda: create(volumeSnapshotClassName=""), "must not be the empty"
    )
    csi.accepts("API-VS-006", "no class", create)


@pytest.mark.csi_clause("API-VS-008")
def test_class_name_of_a_bound_snapshot_may_change_without_effect(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot = csi.ready_snapshot(claim)
    content = csi.content_of(snapshot)
    before = csi.get(content)["spec"]["volumeSnapshotClassName"]
    other = csi.derived_class("Retain").name
    renamed = {"spec": {"volumeSnapshotClassName": other}}
    csi.accepts("API-VS-008", "another class", lambda: csi.patch(snapshot, renamed))
    csi.accepts(
        "API-VS-008", "no class", lambda: csi.try_patch(snapshot, {"spec": {"volumeSnapshotClassName": None}})
    )
    csi.ready_snapshot(claim)  # a probe: the controller has seen the change before this one was made
    after = csi.get(content)["spec"]
    csi.check("API-VS-008", expected=before, observed=after["volumeSnapshotClassName"], about=content)


@pytest.mark.csi_clause("API-VS-009")
def test_status_is_a_subresource(csi: Scenario) -> None:
    status = {"readyToUse": True, "boundVolumeSnapshotContentName": "invented"}
    made = csi.try_create(SNAPSHOT, spec={"source": FROM_CLAIM}, status=status)
    csi.check("API-VS-009", expected=None, observed=made.get("status"), about="a status sent at creation")
    snapshot = stored(csi, FROM_CLAIM)
    changed = csi.try_replace(snapshot, status=status).get("status") or {}
    csi.check(
        "API-VS-009",
        expected=None,
        observed=changed.get("boundVolumeSnapshotContentName"),
        about="a status sent with a change of the object",
    )
