"""STAT: what the status of a snapshot says, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_csi_snapshot.conditions import NAMES_CONTENT, READY, Json, has_capacity, status_of
from pytest_csi_snapshot.quantities import parse_quantity
from pytest_csi_snapshot.scenario import Scenario

NANO = 1_000_000_000


def seconds_of(text: str) -> int:
    """A time of the API as whole seconds since the epoch."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


@pytest.mark.csi_clause("STAT-001", "STAT-002", "STAT-010")
def test_snapshot_follows_its_content(csi: Scenario) -> None:
    claim = csi.volume(csi.larger)  # of a size that is no round one
    snapshot = csi.snapshot(claim)
    status = status_of(csi.ready(snapshot))
    content = csi.content_of(snapshot)
    source = status_of(csi.wait(content, READY, "STAT-001"))
    csi.check(
        "STAT-001",
        expected={
            "readyToUse": source["readyToUse"],
            "creationTime": source["creationTime"] // NANO,
            "restoreSize": source.get("restoreSize", 0),
            "error": source.get("error"),
        },
        observed={
            "readyToUse": status["readyToUse"],
            "creationTime": seconds_of(status["creationTime"]),
            "restoreSize": parse_quantity(status.get("restoreSize", "0")),
            "error": status.get("error"),
        },
        about=snapshot,
    )
    first_ready = csi.seen(content, READY)
    handle = csi.handle_in(first_ready.object)
    csi.check("STAT-002", expected="a handle when ready", observed=handle, holds=bool(handle), about=content)

    csi.seamless("STAT-010", snapshot.kind)
    named, ready = csi.seen(snapshot, NAMES_CONTENT), csi.seen(snapshot, READY)
    if named.position >= ready.position:  # a write may be lost, and both are told by the next: once more
        snapshot = csi.ready_snapshot(claim)
        named, ready = csi.seen(snapshot, NAMES_CONTENT), csi.seen(snapshot, READY)
    csi.check(
        "STAT-010",
        expected="a version that names its content before the one that is ready",
        observed=f"named in version {named.resource_version}, ready in version {ready.resource_version}",
        holds=named.position < ready.position,
        about=snapshot,
    )


@pytest.mark.csi_clause("STAT-003")
def test_creation_time_is_that_of_the_cut(csi: Scenario) -> None:
    """Clocks of driver and API server may differ a little; a year of 1970 is no clock's difference."""
    skew = 5
    claim = csi.volume()
    snapshot = csi.snapshot(claim)
    body = csi.ready(snapshot)
    begun, cut = seconds_of(body["metadata"]["creationTimestamp"]), seconds_of(body["status"]["creationTime"])
    content = status_of(csi.get(csi.content_of(snapshot)))
    probe = csi.get(csi.snapshot(claim))  # its creation is the API server's word for "now"
    ended = seconds_of(probe["metadata"]["creationTimestamp"])
    kept = begun - skew <= cut <= ended + skew
    csi.check(
        "STAT-003",
        expected=f"from {_utc(begun)} to {_utc(ended)}, give or take {skew} s",
        observed=_utc(cut),
        holds=kept,
        about=snapshot,
        blame=None if kept else author_of_the_time(csi, cut, content),
    )


def author_of_the_time(csi: Scenario, cut: int, content: Json) -> str:
    """Who has made the creationTime of a snapshot, in seconds, what it is: its content tells, and the driver."""
    told = int(content.get("creationTime") or 0)
    if told // NANO != cut:
        return "SC"
    return csi.sidecar_or_driver(csi.handle_in({"status": content}), lambda driver: driver.cut == told)


@pytest.mark.csi_clause("STAT-004", "RES-004")
def test_restore_of_exactly_the_restore_size_works(csi: Scenario) -> None:
    snapshot = csi.ready_snapshot(csi.volume())
    size = csi.restore_size(snapshot)
    if "restoreSize" not in status_of(csi.get(snapshot)):
        csi.unknown("STAT-004", "the driver does not say how large a restore must be (legal: the field is absent)")
    csi.check("STAT-004", expected="at least 1 byte", observed=size, holds=size >= 1, about=snapshot)
    restored = csi.restore(snapshot, size)
    csi.bound(restored, "STAT-004")
    csi.at_least("RES-004", size, csi.capacity(restored), restored)


@pytest.mark.csi_clause("STAT-005")
def test_restore_size_is_that_of_the_cut(csi: Scenario) -> None:
    claim = csi.volume()
    csi.may_grow("STAT-005")
    snapshot = csi.ready_snapshot(claim)
    before = csi.restore_size(snapshot)
    if not before:
        csi.unknown("STAT-005", "the driver does not say how large a restore must be (legal: the field is absent)")
    content = csi.content_of(snapshot)
    csi.expand(claim, 2 * csi.size)
    csi.wait(csi.pv_of(claim), has_capacity(2 * csi.size), within=csi.limits.resize)
    for what in (content, snapshot):
        csi.nudge(what)
    csi.ready_snapshot(claim)  # a probe: both controllers were at work after the growth
    told = status_of(csi.get(content))["restoreSize"]
    csi.check("STAT-005", expected=before, observed=told, about=content, blame="SS")
    csi.check("STAT-005", expected=before, observed=csi.restore_size(snapshot), about=snapshot, blame="SC")


@pytest.mark.csi_clause("STAT-007")
def test_ready_stays_though_the_backend_lost_the_snapshot(csi: Scenario) -> None:
    claim = csi.volume()
    snapshot = csi.ready_snapshot(claim)
    content = csi.content_of(snapshot)
    csi.lose_in_backend(csi.handle_in(csi.wait(content, READY)))
    for what in (content, snapshot):
        csi.nudge(what)
    csi.ready_snapshot(claim)  # a probe: both controllers were at work after the loss
    for what, writer in ((content, "SS"), (snapshot, "SC")):
        ready = status_of(csi.get(what)).get("readyToUse")
        csi.check("STAT-007", expected=True, observed=ready, about=what, blame=writer)


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
