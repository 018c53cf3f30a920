"""ERR: when a failure is tried again, and what it takes to get over it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import fmean

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, READY, status_of
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.reasons import CREATION_FAILED
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.attempts import Attempt
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.waiting import WaitTimeout

LEAST, PAUSES = 3, 6
"""Pauses that are looked at: of 3, the last is 4 s where they double, and 3 s where each is a second longer."""


def pauses(attempts: list[Attempt]) -> list[float]:
    """Seconds from the end of each call to the beginning of the next."""
    return [round(later.begun.at - earlier.ended.at, 2) for earlier, later in pairwise(attempts) if earlier.ended]


def doubling(tried: list[float]) -> bool:
    """Whether the last pause is more than twice the mean of those before it: of equal steps it is not."""
    return tried[-1] > 2 * fmean(tried[:-1])


def growing(csi: Scenario, content: Handle) -> list[float]:
    """The pauses between calls, up to one that shows that they double, and no more than have to show it.

    A slow controller makes each pause longer by what it needs itself, which hides how the first ones grow.
    """
    for number in range(LEAST, PAUSES + 1):
        tried = pauses(csi.attempted(content, number + 1, "ERR-006"))
        if doubling(tried):
            break
    return tried


def repeated(csi: Scenario, what: Handle) -> dict[str, int]:
    """The Warnings about an object that were sent more than once, each with how often."""
    told: Counter[str] = Counter()
    for event in csi.events_of(what):
        latest = (csi.history.latest(event.uid) or event).object
        if latest.get("type") == "Warning":
            told[f"{latest['reason']}: {latest.get('message')}"] += int(latest.get("count") or 1)
    return {text: number for text, number in told.items() if number > 1}


def untold_by_status(csi: Scenario, what: Handle) -> list[str]:
    """The texts of Warnings about an object that its status has never shown as its error."""
    shown = {(status_of(version.object).get("error") or {}).get("message") for version in csi.versions(what)}
    told = [event.object for event in csi.events_of(what) if event.object.get("type") == "Warning"]
    return [str(event.get("message")) for event in told if event.get("message") not in shown]


def told_once(csi: Scenario, what: Handle) -> None:
    """Check that each error of an object is told by one event, however often it came up."""
    writer = "SS" if what.kind == SNAPSHOT_CONTENT else "SC"
    csi.check("ERR-004", expected={}, observed=repeated(csi, what), about=f"errors told again, {what}",
              blame=writer)  # fmt: skip
    csi.check("ERR-004", expected=[], observed=untold_by_status(csi, what),
              about=f"events that vary an error, {what}", blame=writer)  # fmt: skip


@pytest.mark.csi_clause("ERR-004", "ERR-006", "ERR-007")
def test_failed_creation_is_tried_again_ever_later_but_at_once_after_a_change(csi: Scenario) -> None:
    """Calls by the back-off until it is seen to double, and one because the content was changed.

    Beside them a snapshot waits for its class: the pauses of its controller have grown as long by then.
    """
    claim, name = csi.volume(), csi.api.mark.fresh("class")
    classless = csi.snapshot(claim, cls=name)
    began = csi.history.clock()
    content = csi.content_of(csi.snapshot(csi.phantom_claim()))
    csi.event(content, CREATION_FAILED, "ERR-004")
    csi.refused(content, "ERR-006")
    tried = growing(csi, content)
    csi.in_time(
        "ERR-006",
        expected=f"pauses that double: one of the first {PAUSES} more than twice the mean of those before it",
        observed=f"pauses of {tried} s",
        holds=doubling(tried),
        about=content,
    )
    csi.nudge(content)
    after = pauses(csi.attempted(content, len(tried) + 2, "ERR-007"))[len(tried)]
    csi.in_time(
        "ERR-007",
        expected=f"the next call before the pause of {2 * tried[-1]:.1f} s is over",
        observed=f"after {after} s",
        holds=after < 1.5 * tried[-1],
        about=content,
    )
    told_once(csi, content)

    csi.wait(classless, HAS_ERROR)
    csi.class_like_ours(name)
    # Told of the change before it has heard of the class, a controller would rightly begin another pause.
    csi.content_of(csi.snapshot(claim, cls=name))
    waited = csi.history.clock() - began
    csi.nudge(classless)
    try:
        csi.seen(classless, READY, within=waited / 4)
    except (PreparationError, WaitTimeout):
        csi.nudge(classless)  # one write in many is lost, and then the pause is the long one again
    took = csi.seen(classless, READY, "ERR-007", within=csi.limits.snapshot + 2 * waited).at - began - waited
    if took < 0:
        csi.unknown("ERR-007", "the pause was over before the change: it was ready already")
    csi.in_time(
        "ERR-007",
        expected=f"ready before a pause that has doubled for {waited:.1f} s is over",
        observed=f"ready {took:.1f} s after the change",
        holds=took < waited / 2,
        about=classless,
    )
    told_once(csi, classless)
