"""ERR: how a failure is told, and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile, pairwise
from typing import Any

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, READY, Condition, error_of, status_of
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import PVC
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.reasons import (
    CHECK_FAILED,
    CONTENT_WARNINGS,
    CREATION_FAILED,
    DELETION_FAILED,
    SNAPSHOT_WARNINGS,
)
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.attempts import CALLED_AND_REFUSED, CALLING
from pytest_csi_snapshot.verbs.secrets import SNAPSHOTTER, naming


def errors_of(csi: Scenario, what: Handle) -> list[dict[str, Any]]:
    """The errors that the status of an object has shown, in order, repeated ones too."""
    statuses = [status_of(version.object) for version in csi.versions(what)]
    return [status["error"] for status in statuses if status.get("error")]


def warnings_in(events: Iterable[Version]) -> list[str]:
    """The reasons of the Warnings among events."""
    return [event.object["reason"] for event in events if event.object.get("type") == "Warning"]


def warnings_of(csi: Scenario, what: Handle) -> list[str]:
    """The reasons of all Warnings about an object, in order of arrival."""
    return warnings_in(csi.events_of(what))


@pytest.mark.csi_clause("ERR-001")
def test_controller_tells_each_failure_by_its_reason(csi: Scenario) -> None:
    absent = Handle(PVC, csi.namespace, fresh_name("claim"), "")
    claim = csi.volume()
    taken = csi.ready_snapshot(claim)
    content = csi.content_of(taken)
    reserved = csi.import_content(csi.handle_in(csi.wait(content, READY)))
    broken = {
        "GetSnapshotClassFailed": csi.snapshot(claim, cls=csi.api.mark.fresh("class")),
        "SnapshotContentCreationFailed": csi.snapshot(absent),
        "SnapshotContentMissing": csi.imported(csi.api.mark.fresh("content")),
        "SnapshotContentMismatch": csi.imported(content.name),
        "SnapshotContentMisbound": csi.imported(reserved.name),
    }
    for reason, snapshot in broken.items():
        told = csi.event(snapshot, reason, "ERR-001")
        csi.check("ERR-001", expected="Warning", observed=told["type"], about=f"{reason} about {snapshot}")
        csi.wait(snapshot, HAS_ERROR, "ERR-001")
    for snapshot in broken.values():
        others = set(warnings_of(csi, snapshot)) - SNAPSHOT_WARNINGS
        csi.check("ERR-001", expected=set(), observed=others, about=f"reasons outside of the set, {snapshot}")


@pytest.mark.csi_clause("ERR-002", "ERR-003", "ERR-001")
def test_refusal_of_the_driver_is_told_on_content_and_snapshot(csi: Scenario) -> None:
    """The volume does not exist: CreateSnapshot itself fails, with any driver."""
    snapshot = csi.snapshot(csi.phantom_claim())
    content = csi.content_of(snapshot)
    csi.event(content, CREATION_FAILED, "ERR-002")
    csi.event(content, CHECK_FAILED, "ERR-002")  # the reason of every later attempt
    others = set(warnings_of(csi, content)) - CONTENT_WARNINGS
    csi.check("ERR-002", expected=set(), observed=others, about=f"reasons outside of the set, {content}")

    own = Condition(
        "an error of the content's",
        lambda body: (
            HAS_ERROR.holds(body)
            and error_of(body) in {error_of(version.object) for version in csi.history.versions(content.uid)}
        ),
    )
    csi.wait(snapshot, own, "ERR-003")
    for broken in (content, snapshot):
        ready = status_of(csi.get(broken)).get("readyToUse")
        csi.check("ERR-003", expected=False, observed=ready, about=broken)
    # Before that, the snapshot-controller may not have heard of the claim, and says so.
    begun = csi.event(snapshot, "CreatingSnapshot")["metadata"]["uid"]
    since = dropwhile(lambda event: event.uid != begun, csi.events_of(snapshot))
    csi.check("ERR-001", expected=[], observed=warnings_in(since), about=f"Warnings about {snapshot}")


@pytest.mark.csi_clause("ERR-005")
def test_refusal_for_good_ends_the_call(csi: Scenario) -> None:
    content = csi.content_of(csi.snapshot(csi.phantom_claim()))
    csi.seen(content, CALLING, "ERR-005")
    csi.refused(content, "ERR-005")
    csi.wait(content, CALLED_AND_REFUSED, "ERR-005")


@pytest.mark.csi_clause("STAT-009")
def test_error_has_a_text_and_the_time_of_its_first_occurrence(csi: Scenario) -> None:
    """The call that fails carries a secret: whatever the driver says of it must not hold what is in there."""
    held = csi.snapshot_credentials("STAT-009")
    secret = csi.secret(fresh_name("secret"), held)
    cls = csi.class_with(naming(SNAPSHOTTER, secret.name, secret.namespace))
    snapshot = csi.snapshot(csi.phantom_claim(), cls=cls.name)
    sourceless = csi.snapshot(csi.missing_claim())  # its failure is the snapshot-controller's own
    content = csi.content_of(snapshot)
    csi.refused(content, "STAT-009")
    csi.attempted(content, 4)  # not nudged: times are whole seconds, and the calls have to be further apart
    for each in (snapshot, sourceless):
        csi.wait(each, HAS_ERROR)
    csi.nudge(sourceless)
    csi.ready_snapshot(csi.volume())  # a probe: the snapshot-controller was at work after the nudge
    for broken, writer in ((content, "SS"), (snapshot, "SC"), (sourceless, "SC")):
        errors = errors_of(csi, broken)
        whole = all(error.get("message") and error.get("time") for error in errors)
        csi.check("STAT-009", expected="a message and a time", observed=errors[-1], holds=whole, about=broken,
                  blame=writer)  # fmt: skip
        moved = [later for one, later in pairwise(errors) if one["message"] == later["message"] and one != later]
        csi.check("STAT-009", expected=[], observed=moved, about=f"errors whose time moved, {broken}",
                  blame=writer)  # fmt: skip
    csi.keeps("STAT-009", held)


@pytest.mark.csi_clause("ERR-002")
def test_deletion_that_fails_is_told_by_an_event_alone(csi: Scenario) -> None:
    held = csi.snapshot_credentials("ERR-002")
    secret = csi.secret(fresh_name("secret"), held)
    cls = csi.class_with(naming(SNAPSHOTTER, secret.name, secret.namespace))
    snapshot = csi.snapshot(csi.volume(), cls=cls.name)
    csi.ready_with_secret(snapshot, "ERR-002")
    content = csi.content_of(snapshot)
    before = status_of(csi.wait(content, READY))
    csi.delete(secret)
    csi.delete(snapshot)
    csi.event(content, DELETION_FAILED, "ERR-002")
    csi.check("ERR-002", expected=before, observed=status_of(csi.get(content)), about=f"status of {content}")

    csi.secret(secret.name, held)
    csi.nudge(content)
    csi.gone(content)
