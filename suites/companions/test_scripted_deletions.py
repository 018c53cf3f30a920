"""What a sidecar tells a driver, and what it makes of a deletion that the driver refuses."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import READY, TERMINATING, Condition, error_of, status_of
from pytest_csi_snapshot.kube.kinds import EVENT
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.secrets import RESERVED, SNAPSHOTTER, naming

TELLS = ", told "


HEARD = Condition(
    "a status.error that says what the driver was told",
    lambda content: TELLS in error_of(content) or READY.holds(content),
)
"""Not of a call that failed on its way: the driver answers the next."""


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("DEL-012")
def test_a_deletion_that_the_driver_refuses_is_told_and_tried_again(csi: Scenario) -> None:
    """Two refusals, then it is done: nobody has to lend a hand."""
    cls = csi.derived_class("Delete", answers="DeleteSnapshot=FAILED_PRECONDITION*1")
    snapshot = csi.snapshot(csi.volume(), cls=cls.name)
    csi.ready(snapshot)
    content = csi.content_of(snapshot)
    before = {each: status_of(csi.wait(each, READY)) for each in (content, snapshot)}
    csi.delete(snapshot)
    csi.event(content, "SnapshotDeleteError", "DEL-012")
    for each in (content, snapshot):
        csi.seen(each, TERMINATING, "DEL-012")
        csi.gone(each, "DEL-012")
    refused = max(int(version.resource_version) for told in csi.history.objects(EVENT) for version in told
                  if (version.object.get("involvedObject") or {}).get("uid") == content.uid)  # fmt: skip
    for each, status in before.items():
        ending = [version for version in csi.versions(each) if TERMINATING.holds(version.object)]
        # Once the driver has deleted the snapshot, a sidecar may take out of the status what was said of it.
        during = [status_of(seen.object) for seen in ending if int(seen.resource_version) < refused]
        others = [other for other in during if other != status]
        csi.check("DEL-012", expected=[], observed=others, about=f"another status of {each} while it was deleted")
    handle = csi.handle_in({"status": before[content]})
    csi.check("DEL-012", expected=False, observed=csi.backend_knows(handle, "DEL-012"),
              about=f"{handle} in the backend")  # fmt: skip


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("SEC-001", "SNAP-DYN-013")
def test_driver_is_told_names_and_nothing_that_is_for_the_sidecar(csi: Scenario) -> None:
    """The sidecar runs with extra creation metadata; the driver refuses once, and says what it was told."""
    secret = csi.secret(fresh_name("secret"), csi.snapshot_credentials("SEC-001"))
    given = {"answers": "CreateSnapshot=INVALID_ARGUMENT*1", "tells": "parameters", "plain": "x"}
    cls = csi.class_with({**given, **naming(SNAPSHOTTER, secret.name, secret.namespace)})
    snapshot = csi.snapshot(csi.volume(), cls=cls.name)
    content = csi.content_of(snapshot)
    heard = csi.seen(content, HEARD, "SEC-001").object
    if READY.holds(heard):
        csi.unknown("SEC-001", "the snapshot is ready, and no answer of the driver was heard in time before")
    told = dict(word.strip('"').split("=", 1) for word in error_of(heard).partition(TELLS)[2].split())
    names = {key for key in told if key.startswith(f"{RESERVED}volumesnapshot")}
    reserved = sorted(key for key in told if key.startswith(RESERVED) and key not in names)
    csi.check("SEC-001", expected=[], observed=reserved, about="reserved parameters that reached the driver",
              blame="SS")  # fmt: skip
    csi.check("SEC-001", expected="x", observed=told.get("plain"), about="the parameter that is the driver's")
    expected = {
        f"{RESERVED}volumesnapshot/name": snapshot.name,
        f"{RESERVED}volumesnapshot/namespace": snapshot.namespace,
        f"{RESERVED}volumesnapshotcontent/name": content.name,
    }
    observed = {key: told[key] for key in sorted(names)}
    csi.check("SNAP-DYN-013", expected=expected, observed=observed, about=snapshot, blame="SS")
    csi.ready(snapshot, "SEC-001")
