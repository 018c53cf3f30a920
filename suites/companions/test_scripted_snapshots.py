"""Drivers whose CreateSnapshot fails, takes long, or leaves fields out: what the sidecar makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_csi_snapshot.conditions import (
    ANSWERED,
    HAS_ERROR,
    READY,
    TERMINATING,
    Condition,
    cut_at,
    error_of,
    has_annotation,
    lacks_annotation,
    status_of,
)
from pytest_csi_snapshot.csi.listing import snapshots_of
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.attempts import BEING_CREATED

OPEN = ("CANCELLED", "DEADLINE_EXCEEDED", "UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED")
FINAL = ("INTERNAL", "FAILED_PRECONDITION")
FIRST_DELAY = 1.0
"""Seconds, the sidecar's ``--retry-interval-start`` by default."""

ANSWER = "scripted answer to CreateSnapshot"


TOLD = Condition(
    "a status.error that tells of an answer",
    lambda body: ANSWER in error_of(body) or ANSWERED.holds(body) or READY.holds(body),
)
"""Not of a call that took too long: the driver may say one thing or another when it is asked again."""

RAN_OUT = Condition(
    "a call that ran out of time",
    lambda content: "code = DeadlineExceeded" in error_of(content) or READY.holds(content),
)


def called(number: int) -> Condition:
    """The driver was called so often for the content: a scripted answer counts.

    One that was on its way for too long is never told; once the snapshot is there, all of them were given.
    """
    return Condition(
        f"the answer to call {number}",
        lambda content: f": call {number} at " in error_of(content) or READY.holds(content),
    )


def scripted(csi: Scenario, claim: Handle, **parameters: str) -> tuple[Handle, Handle]:
    """A snapshot of a class with these parameters, and its content."""
    snapshot = csi.snapshot(claim, cls=csi.derived_class("Delete", **parameters).name)
    return snapshot, csi.content_of(snapshot)


def says_so_until_answered(csi: Scenario, snapshot: Handle, content: Handle) -> None:
    """Check that the annotation is on a content as long as its first call is open.

    The sidecar waits for the driver all that time: whoever takes it off before a handle has come is somebody else.
    """
    csi.ready(snapshot)
    csi.seen(content, READY, "ERR-005")  # by a watch of its own, which may be behind that of snapshots
    csi.seamless("ERR-005", content.kind)
    versions = csi.versions(content)
    answered = next(number for number, version in enumerate(versions) if status_of(version.object))
    calling = [has_annotation(BEING_CREATED).holds(version.object) for version in versions[:answered]]
    begun = calling.index(True) if True in calling else answered
    dropped = begun < answered and not HAS_ERROR.holds(versions[answered].object)
    csi.check("ERR-005", expected=f"{BEING_CREATED}, once set, until the driver has answered",
              observed=f"on versions: {calling}", holds=begun < answered and all(calling[begun:]), about=content,
              blame="SC" if dropped else "SS")  # fmt: skip


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("ERR-003", "ERR-005")
def test_only_a_final_code_says_that_nothing_is_being_created(csi: Scenario) -> None:
    claim = csi.volume()
    made = {code: scripted(csi, claim, answers=f"CreateSnapshot={code}*2") for code in OPEN + FINAL}
    says_so_until_answered(csi, *scripted(csi, claim, takes="2"))
    for code, (snapshot, content) in made.items():
        first = csi.seen(content, TOLD, "ERR-003").object
        if not HAS_ERROR.holds(first):
            csi.unknown("ERR-003", "the snapshot is ready, and no answer of the driver was heard in time before")
        told = error_of(first)
        csi.check("ERR-003", expected=f"what the driver said: {ANSWER}", observed=told, holds=ANSWER in told,
                  about=f"status.error of {content}")  # fmt: skip
        csi.seen(content, called(2), within=csi.limits.snapshot)
        answered = [v for v in csi.versions(content) if HAS_ERROR.holds(v.object) and not READY.holds(v.object)]
        kept = all(has_annotation(BEING_CREATED).holds(version.object) for version in answered)
        csi.check(
            "ERR-005", expected=code in OPEN, observed=kept, about=f"{BEING_CREATED} on {content} after {code}"
        )
        if code in FINAL:
            csi.seen(content, HAS_ERROR & lacks_annotation(BEING_CREATED), "ERR-005")
        csi.ready(snapshot, "ERR-005")


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("ERR-006")
def test_the_delay_between_two_tries_doubles(csi: Scenario) -> None:
    """The driver's answer tells when it was called; load can only make a delay longer."""
    _, content = scripted(csi, csi.volume(), answers="CreateSnapshot=UNAVAILABLE*4")
    csi.seen(content, called(4), within=csi.limits.snapshot)
    told = [re.search(r": call (\d) at ([\d.]+) s", error_of(version.object)) for version in csi.versions(content)]
    at = {int(found[1]): float(found[2]) for found in told if found}
    if untold := sorted({1, 2, 3, 4} - at.keys()):
        csi.unknown("ERR-006", f"no answer to calls {untold} has come: when they were made is not known")
    delays = [round(at[number + 1] - at[number], 3) for number in (1, 2, 3)]
    waited = delays[1:] if delays[0] < FIRST_DELAY else delays  # the first call changes the content itself
    least = [FIRST_DELAY * 2**number for number in range(len(waited))]
    csi.in_time(
        "ERR-006",
        expected=f"delays of at least {least} s, growing, perhaps after one try at once",
        observed=delays,
        holds=all(delay >= bound for delay, bound in zip(waited, least, strict=True)),
        about=content,
    )
    if waited[-1] <= waited[0]:
        csi.unknown("ERR-006", f"driver or machine were slow: delays of {waited} s do not show whether they grow")


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("ERR-009", "STAT-001")
def test_a_driver_slower_than_the_call_limit_makes_one_snapshot(csi: Scenario) -> None:
    """The sidecar of this companion gives a call three seconds."""
    claim = csi.volume()
    snapshot, content = scripted(csi, claim, takes="5")
    if READY.holds(csi.seen(content, RAN_OUT).object):
        csi.unknown("ERR-009", "the snapshot is ready, and no call was seen to run out of time before")
    told = cut_at(csi.ready(snapshot, "ERR-009"))
    csi.check(
        "STAT-001", expected=cut_at(csi.get(content)), observed=told, about=f"{snapshot}, long after its cut"
    )
    volume = csi.volume_handle(claim)
    if not csi.cluster.endpoint:
        csi.unknown(
            "ERR-009", "whether there is one snapshot only is seen at the driver's socket, out of reach here"
        )
    socket = Path(csi.cluster.endpoint.removeprefix("unix://"))
    handle = csi.handle_in(csi.get(content))
    csi.check("ERR-009", expected=[handle], observed=snapshots_of(socket, volume), about=f"snapshots of {volume}")


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("DEL-011")
def test_deletion_waits_for_the_snapshot_in_the_making(csi: Scenario) -> None:
    snapshot, content = scripted(csi, csi.volume(), takes="5")
    csi.wait(content, has_annotation(BEING_CREATED))
    csi.delete(snapshot)
    if not has_annotation(BEING_CREATED).holds(csi.seen(content, TERMINATING).object):
        csi.unknown("DEL-011", "the snapshot was made before its deletion came through")
    csi.gone(content, "DEL-011")
    csi.gone(snapshot, "DEL-011")
    answered = [csi.handle_in(version.object) for version in csi.versions(content)]
    handles = sorted(set(answered) - {""})
    csi.check("DEL-011", expected="one handle, told before the content went", observed=handles,
              holds=len(handles) == 1, about=content)  # fmt: skip
    known = csi.backend_knows(handles[0], "DEL-011")
    csi.check("DEL-011", expected=False, observed=known, about=f"{handles[0]} in the backend")


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("STAT-003", "STAT-004", "RES-003")
def test_a_driver_that_tells_neither_time_nor_size(csi: Scenario) -> None:
    snapshot, content = scripted(csi, csi.volume(), omits="creation_time size_bytes")
    status = status_of(csi.ready(snapshot))
    csi.check("STAT-003", expected="1970-01-01T00:00:00Z", observed=status.get("creationTime"), about=snapshot)
    csi.check("STAT-004", expected=None, observed=status.get("restoreSize"), about=snapshot)
    csi.check("STAT-004", expected=None, observed=status_of(csi.get(content)).get("restoreSize"), about=content)
    smaller = csi.restore(snapshot, csi.size // 2)
    told = csi.bound_or_refused(smaller, "OutOfRange", "RES-003")
    csi.check(
        "RES-003", expected="the driver's OutOfRange", observed=told, holds="OutOfRange" in told, about=smaller
    )
    phase = status_of(csi.get(smaller)).get("phase")
    csi.check("RES-003", expected="Pending", observed=phase, about=smaller)
    csi.delete(smaller)  # before the snapshot, which waits for claims that are made of it
    csi.gone(smaller)


@pytest.mark.csi_companion("scripted")
@pytest.mark.csi_clause("DEL-015")
def test_a_driver_may_keep_a_snapshot_while_a_restore_needs_it(csi: Scenario) -> None:
    snapshot, content = scripted(csi, csi.volume(), held_by="restores")
    csi.ready(snapshot)
    restored = csi.restore(snapshot)
    csi.bound(restored)
    csi.delete(snapshot)
    csi.event(content, "SnapshotDeleteError", "DEL-015")
    phase = status_of(csi.get(restored)).get("phase")
    csi.check("DEL-015", expected="Bound", observed=phase, about=restored)
    volume = csi.pv_of(restored)
    csi.delete(restored)
    csi.gone(volume)
    csi.nudge(content)
    csi.gone(content, "DEL-015")
    csi.gone(snapshot, "DEL-015")
