"""DEL: deletions that have to wait, or cannot be carried out."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import TERMINATING, has_finalizer, status_of
from pytest_csi_snapshot.kube.kinds import SNAPSHOT, SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import BOUND_FINALIZER, Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.attempts import CALLING
from pytest_csi_snapshot.verbs.secrets import SNAPSHOTTER, naming


@pytest.mark.csi_clause("DEL-010")
def test_content_that_never_got_a_handle_goes_without_the_driver(csi: Scenario) -> None:
    snapshot = csi.snapshot(csi.phantom_claim())
    content = csi.content_of(snapshot)
    csi.refused(content, "DEL-010")
    csi.delete(snapshot)
    csi.gone(content, "DEL-010")
    csi.gone(snapshot, "DEL-010")
    csi.seamless("DEL-010", content.kind)
    observed = {
        "handles": [handle for version in csi.versions(content) if (handle := csi.handle_in(version.object))],
        "failed deletions": told(csi, content, "SnapshotDeleteError"),
    }
    csi.check("DEL-010", expected={"handles": [], "failed deletions": 0}, observed=observed, about=content)


def told(csi: Scenario, about: Handle, reason: str) -> int:
    """How many events of a reason there are about an object."""
    return sum(event.object.get("reason") == reason for event in csi.events_of(about))


@pytest.mark.csi_clause("DEL-011")
def test_snapshot_deleted_while_it_is_being_made_leaves_nothing(csi: Scenario) -> None:
    """Of those that were deleted under a call, the answer must have been awaited."""
    claim = csi.volume()
    under_way: list[Handle] = []
    for _ in range(6):  # a fast driver is not met under a call each time
        if under_way := deleted_under_a_call(csi, claim):
            break
    else:
        csi.not_supported("DEL-011", "the driver cuts too fast for a deletion to come under a call")
    csi.seamless("DEL-011", SNAPSHOT, SNAPSHOT_CONTENT)
    for content in under_way:
        handles = {handle for version in csi.versions(content) if (handle := csi.handle_in(version.object))}
        csi.check("DEL-011", expected="the handle that the driver answered", observed=sorted(handles),
                  holds=len(handles) == 1, about=f"what {content} said before it went")  # fmt: skip
        csi.backend_keeps("DEL-011", *handles, kept=False)


def deleted_under_a_call(csi: Scenario, claim: Handle) -> list[Handle]:
    """Make many snapshots at once, so that they wait for each other, and delete them, the last one first.

    The contents of those that were to be deleted while the call that makes them was under way; all are gone.
    """
    snapshots = [csi.snapshot(claim) for _ in range(8)]
    csi.seen(csi.content_of(snapshots[-1]), CALLING)
    for snapshot in reversed(snapshots):
        csi.delete(snapshot)
    for snapshot in snapshots:
        csi.gone(snapshot, "DEL-011")
    contents = {snapshot: content for snapshot in snapshots if (content := csi.made_for(snapshot))}
    for content in contents.values():
        csi.gone(content, "DEL-011")
    return [content for snapshot, content in contents.items() if caught(csi, snapshot, content)]


def caught(csi: Scenario, snapshot: Handle, content: Handle) -> bool:
    """A snapshot was to be deleted while the call that makes it was under way."""
    csi.seamless("DEL-011", SNAPSHOT, SNAPSHOT_CONTENT)
    deleted = next(v.resource_version for v in csi.versions(snapshot) if TERMINATING.holds(v.object))
    return any(
        int(call.begun.resource_version) < int(deleted)
        and (call.ended is None or int(deleted) < int(call.ended.resource_version))
        for call in csi.attempts(content)
    )


@pytest.mark.csi_clause("DEL-012", "DEL-013")
def test_deletion_waits_for_its_secret_and_shows_it(csi: Scenario) -> None:
    held = csi.snapshot_credentials("DEL-012")
    secret = csi.secret("deletion", held)
    cls = csi.class_with(naming(SNAPSHOTTER, secret.name, secret.namespace))
    snapshot = csi.snapshot(csi.volume(), cls=cls.name)
    csi.ready_with_secret(snapshot, "DEL-012")
    content = csi.content_of(snapshot)
    before = status_of(csi.get(content))
    csi.delete(secret)
    csi.delete(snapshot)
    csi.event(content, "SnapshotDeleteError", "DEL-013")
    for each in (content, snapshot):
        csi.wait(each, TERMINATING, "DEL-012")
    csi.check("DEL-012", expected=before, observed=status_of(csi.get(content)), about=f"status of {content}")
    ready = status_of(csi.get(snapshot)).get("readyToUse")
    csi.check("DEL-012", expected=True, observed=ready, about=f"readyToUse of {snapshot}")

    csi.secret("deletion", held)
    csi.gone(content, "DEL-013")
    csi.gone(snapshot, "DEL-012")
    csi.backend_keeps("DEL-012", csi.handle_in({"status": before}), kept=False)


@pytest.mark.csi_clause("DEL-018")
def test_content_of_a_driver_that_nobody_serves_is_never_let_go(csi: Scenario) -> None:
    claim = csi.volume()
    unready = csi.snapshot(claim, cls=csi.forsaken_class())
    content = csi.content_of(unready)
    csi.wait(unready, has_finalizer(BOUND_FINALIZER))  # without it the snapshot is free to go before its content
    csi.held(content, "DEL-018")
    csi.delete(unready)
    csi.wait(content, TERMINATING, "DEL-018")
    probe = csi.taken(claim)  # one of a driver that is served goes all the way meanwhile
    csi.delete(probe.snapshot)
    csi.gone(probe.snapshot)
    for each in (unready, content):
        finalizers = csi.get(each)["metadata"].get("finalizers")
        csi.check(
            "DEL-018", expected="held by a finalizer", observed=finalizers, holds=bool(finalizers), about=each
        )
    csi.free(content)
    csi.gone(unready, "DEL-018")
    csi.delete(claim)
    csi.gone(claim, "DEL-018")
