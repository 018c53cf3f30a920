"""Whether anything was lost: a crowd is counted where its objects are, not where they were heard of.

By the watch, by the API server's own lists, and by the driver: at its socket where that can be reached, else by
importing a few handles again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_csi_snapshot.conditions import READY
from pytest_csi_snapshot.csi.listing import all_snapshots
from pytest_csi_snapshot.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.labels import referred
from pytest_csi_snapshot.report.loads import Account
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress.crowd import GONE, PARTNER_GONE, Member
from pytest_csi_snapshot.stress.load import CREATED, SHOWN, Run

IMPORTED = 3
"""Handles that are imported to ask a driver whose socket is out of reach."""


def count_there(csi: Scenario, run: Run) -> None:
    """Check that everything that was made is there: usable, with one partner each, and in the backend."""
    __tracebackhide__ = True
    sort, members = run.sort, [each for each in run.crowd.members if not each.reached(GONE)]
    usable = [each for each in members if each.reached(sort.last)]
    _count(csi, run, sort.usable, f"{sort.last}, of those created", members, usable)
    alone = [each for each in members if len(each.partners) == 1]
    _count(csi, run, sort.usable, f"with exactly one {sort.partner}", members, alone)
    listed = {body["metadata"]["name"] for body in csi.api.list(sort.kind, members[0].namespace)}
    _count(csi, run, sort.usable, "listed by the API server", members, [m for m in members if m.name in listed])
    handles = {each.backend for each in members} - {""}
    _number(csi, run, sort.usable, "handles of their own", len(members), len(handles))
    if sort.kind == SNAPSHOT:
        _count_in_backend(csi, run, members)


def count_through(csi: Scenario, run: Run) -> None:
    """Check that everything that was ever made became usable, whether it is still there or not."""
    __tracebackhide__ = True
    sort, reached = run.sort, run.crowd.reached
    _number(csi, run, sort.usable, f"once {sort.last}, of those created", reached[CREATED], reached[sort.last])


def count_gone(csi: Scenario, run: Run) -> None:
    """Check that all that was made is gone again: the objects, their partners, and the driver's snapshots."""
    __tracebackhide__ = True
    sort, crowd = run.sort, run.crowd
    made = crowd.reached[CREATED]
    _number(csi, run, sort.removed, "gone, of those created", made, crowd.reached[GONE])
    _number(csi, run, sort.removed, f"whose {sort.partner} is gone", made, crowd.reached[PARTNER_GONE])
    names = {(each.namespace, each.name) for each in crowd.members}
    homes = {each.namespace for each in crowd.members}
    left = [body for home in homes for body in csi.api.list(sort.kind, home)]
    left = [body for body in left if (body["metadata"]["namespace"], body["metadata"]["name"]) in names]
    _number(csi, run, sort.removed, "still listed by the API server", 0, len(left))
    partners = [referred(body) for body in csi.api.list(sort.partner)]
    kept = [to for to in partners if (to.get("namespace"), to.get("name")) in names]
    _number(csi, run, sort.removed, f"{sort.partner} still listed", 0, len(kept))
    if sort.kind == SNAPSHOT:
        _none_in_backend(csi, run)


def _count_in_backend(csi: Scenario, run: Run, members: Sequence[Member]) -> None:
    __tracebackhide__ = True
    if not csi.driver_lists():
        return
    listed = all_snapshots(_socket(csi))
    _count(csi, run, "RPC-LIS-001", "listed by the driver", members, [m for m in members if m.backend in listed])


def _none_in_backend(csi: Scenario, run: Run) -> None:
    __tracebackhide__ = True
    handles = {each.backend for each in run.crowd.members} - {""}
    if csi.driver_lists():
        left = handles & all_snapshots(_socket(csi))
        _number(csi, run, run.sort.removed, "still listed by the driver", 0, len(left))
        return
    never = csi.import_content("never-" + next(iter(sorted(handles)), ""))
    if READY.holds(csi.backend_answers(never)):
        run.notes.append("the driver says of any handle that it is ready: whether it kept snapshots is unknown")
        return
    asked = [csi.import_content(handle) for handle in sorted(handles)[:IMPORTED]]
    kept = [each for each in asked if READY.holds(csi.backend_answers(each))]
    _number(csi, run, run.sort.removed, f"of {len(asked)} imported again, known to the driver", 0, len(kept))
    run.notes.append(f"the driver's socket is out of reach: it was asked about {len(asked)} of its snapshots")


def _count(
    csi: Scenario, run: Run, clause: str, what: str, members: Sequence[Member], found: Sequence[Member]
) -> None:
    __tracebackhide__ = True
    right = {id(each) for each in found}
    wrong = [each.name for each in members if id(each) not in right]
    _number(csi, run, clause, what, len(members), len(found), wrong)


def _number(
    csi: Scenario, run: Run, clause: str, what: str, expected: int, found: int, wrong: Sequence[str] = ()
) -> None:
    __tracebackhide__ = True
    run.accounts.append(Account(f"{run.sort.kind}: {what}", expected, found))
    names = ", ".join(wrong[:SHOWN]) + (", …" if len(wrong) > SHOWN else "")
    if clause:
        csi.check(
            clause,
            expected=f"{expected} {what}",
            observed=f"{found}" + (f"; not {names}" if names else ""),
            holds=expected == found,
            about=run.name,
        )
    elif expected != found:
        raise AssertionError(f"{run.name}: {expected} {what} expected, {found} found")


def _socket(csi: Scenario) -> Path:
    return Path(csi.cluster.endpoint.removeprefix("unix://"))
