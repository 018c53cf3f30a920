"""BIND: who may bind which content, and what comes of a binding that breaks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import HAS_ERROR, NOT_READY, TERMINATING, has_finalizer, status_of
from pytest_csi_snapshot.ledger import CONTENT_FINALIZER, Handle
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.snapshots import Taken


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Taken]:
    """What the tests of this file import; none of them changes it."""
    with open_shared(csi_cluster, "source of imports") as csi:
        yield csi.taken(csi.volume())


KINDS = ("dynamic", "imported")


def bound_pair(csi: Scenario, source: Taken, kind: str) -> tuple[Handle, Handle]:
    """A ready snapshot and its content, which this test may spoil."""
    if kind == "dynamic":
        own = csi.taken(csi.volume(), cls=csi.snapshot_class("Retain"))
        return own.snapshot, own.content
    content = csi.import_content(source.handle)
    snapshot = csi.import_snapshot(content)
    csi.ready(snapshot)
    return snapshot, content


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.csi_clause("BIND-001")
def test_snapshot_and_content_name_each_other(csi: Scenario, csi_source: Taken, kind: str) -> None:
    snapshot, content = bound_pair(csi, csi_source, kind)
    named = status_of(csi.get(snapshot)).get("boundVolumeSnapshotContentName")
    csi.check("BIND-001", expected=content.name, observed=named, about=snapshot)
    reference = csi.get(content)["spec"]["volumeSnapshotRef"]
    observed = [reference.get(key) for key in ("namespace", "name", "uid")]
    csi.check(
        "BIND-001", expected=[snapshot.namespace, snapshot.name, snapshot.uid], observed=observed, about=content
    )
    claiming = [body["metadata"]["name"] for body in csi.contents_of(snapshot)]
    csi.check("BIND-001", expected=[content.name], observed=claiming, about=f"contents that refer to {snapshot}")


def misbound(csi: Scenario, snapshot: Handle, content: Handle) -> None:
    """Check that a snapshot is refused a content, and that neither bears a trace of it but for the error."""
    before = csi.get(content)["spec"]
    csi.event(snapshot, "SnapshotContentMisbound", "BIND-002")
    body = csi.wait(snapshot, HAS_ERROR, "BIND-002")
    observed = {"ready": status_of(body).get("readyToUse") is True, "held": body["metadata"].get("finalizers")}
    csi.check("BIND-002", expected={"ready": False, "held": None}, observed=observed, about=snapshot)
    csi.check("BIND-002", expected=before, observed=csi.get(content)["spec"], about=content)


@pytest.mark.parametrize("different", ["name", "namespace"])
@pytest.mark.csi_clause("BIND-002", "BIND-004")
def test_content_of_another_snapshot_is_not_bound(csi: Scenario, csi_source: Taken, different: str) -> None:
    home = {"name": csi.namespace, "namespace": csi_source.snapshot.namespace}
    content = csi.import_content(csi_source.handle, namespace=home[different])
    first = csi.import_snapshot(content)
    csi.ready(first)
    second = csi.imported(content.name, name=first.name if different == "namespace" else "")
    misbound(csi, second, content)
    csi.check("BIND-004", expected=True, observed=status_of(csi.get(first)).get("readyToUse"), about=first)


@pytest.mark.csi_clause("BIND-002")
def test_content_reserved_for_an_earlier_snapshot_of_that_name_is_not_bound(
    csi: Scenario, csi_source: Taken
) -> None:
    content = csi.import_content(csi_source.handle, uid=str(uuid.uuid4()))
    csi.contents_heard(csi_source.handle)  # what a controller has yet to see it cannot call somebody's
    misbound(csi, csi.import_snapshot(content), content)


@pytest.mark.csi_clause("BIND-003")
def test_dynamic_content_is_not_bound_a_second_time(csi: Scenario, csi_source: Taken) -> None:
    second = csi.imported(csi_source.content.name)
    csi.event(second, "SnapshotContentMismatch", "BIND-003")
    status = status_of(csi.wait(second, HAS_ERROR, "BIND-003"))
    csi.check("BIND-003", expected=False, observed=status.get("readyToUse") is True, about=second)
    still = status_of(csi.get(csi_source.snapshot)).get("readyToUse")
    csi.check("BIND-003", expected=True, observed=still, about=csi_source.snapshot)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.csi_clause("BIND-005")
def test_snapshot_whose_content_is_gone_is_not_ready(csi: Scenario, csi_source: Taken, kind: str) -> None:
    snapshot, content = bound_pair(csi, csi_source, kind)
    handle = csi.handle_in(csi.get(content))
    csi.held(content)
    csi.contents_heard(csi_source.handle)  # who is still at the binding would note the content after its end
    csi.delete(content)
    csi.wait(content, TERMINATING)
    csi.free(content)
    csi.gone(content)
    csi.wait(snapshot, NOT_READY, "BIND-005")
    csi.event(snapshot, "SnapshotContentMissing", "BIND-005")
    if kind == "dynamic":
        csi.adopt(handle)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.csi_clause("BIND-006")
def test_snapshot_whose_content_refers_elsewhere_is_not_ready(csi: Scenario, csi_source: Taken, kind: str) -> None:
    snapshot, content = bound_pair(csi, csi_source, kind)
    csi.contents_heard(csi_source.handle)  # who has yet to see its own binding would bind the pair again
    csi.patch(content, {"spec": {"volumeSnapshotRef": {"uid": str(uuid.uuid4())}}})
    csi.contents_heard(csi_source.handle)
    csi.nudge(snapshot)
    csi.wait(snapshot, NOT_READY, "BIND-006")
    csi.event(snapshot, "SnapshotContentMisbound", "BIND-006")

    csi.patch(content, {"spec": {"volumeSnapshotRef": {"uid": snapshot.uid}}})
    csi.contents_heard(csi_source.handle)
    csi.nudge(snapshot)
    csi.ready(snapshot, "BIND-006")


@pytest.mark.parametrize("snapshot", ["never-existed", "of-another-uid"])
@pytest.mark.csi_clause("BIND-007")
def test_content_of_no_snapshot_is_left_alone(csi: Scenario, csi_source: Taken, snapshot: str) -> None:
    """Not even its deletion by hand is carried out: YAML that was copied must not cost data."""
    handle = csi.taken(csi.volume()).handle  # its own: where the clause is not kept, the snapshot is lost
    content = csi.import_content(handle, uid=str(uuid.uuid4()), policy="Delete")
    csi.ledger.borrowed.add(content.uid)
    if snapshot == "of-another-uid":
        csi.event(csi.import_snapshot(content), "SnapshotContentMisbound")
    csi.seen(content, has_finalizer(CONTENT_FINALIZER), "BIND-007")
    csi.nudge(content)
    csi.contents_heard(csi_source.handle)
    asked = [version for version in csi.versions(content) if version.deleted or TERMINATING.holds(version.object)]
    csi.check("BIND-007", expected="no deletion", observed="deleted" if asked else "no deletion", about=content)

    csi.delete(content)
    csi.wait(content, TERMINATING, "BIND-007")
    csi.nudge(content)
    csi.contents_heard(csi_source.handle)
    held = csi.get(content)["metadata"].get("finalizers", [])
    csi.check("BIND-007", expected=[CONTENT_FINALIZER], observed=held, about=content)
    csi.patch(content, {"spec": {"deletionPolicy": "Retain"}})
