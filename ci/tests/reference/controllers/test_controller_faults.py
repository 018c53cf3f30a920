"""Each fault of snapshot-controller and csi-snapshotter shows: a story is another one than without it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from pytest_csi_snapshot.reference_impl.controllers import clock
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError
from pytest_csi_snapshot.reference_impl.faults import registry
from pytest_csi_snapshot.reference_impl.faults.fault import Fault

from .fake_csi import FakeDriver
from .group_stories import GROUPS
from .source_stories import SOURCES
from .stories import LIVES, Story
from .whole_stage import Whole

ROLES = ("snapshot-controller", "csi-snapshotter")
BEYOND_ONE_PROCESS = {
    "controller-lease-not-renewed",
    "sidecar-lease-not-renewed",
    "lease-outlives-holder",
    "missing-crds-waited-for",
    "group-crds-needed",
    "earlier-snapshots-ignored",
    "earlier-contents-ignored",
    "node-label-unheeded",
    "restore-size-follows-volume",
    "import-needs-listing",
    "absent-time-taken-as-now",
}
"""What shows only in a restart, between processes, or with another driver: suites see it, these stories do not."""
FAULTS = [fault for fault in registry.FAULTS if fault.component in ROLES and fault.name not in BEYOND_ONE_PROCESS]

STORIES = (*LIVES, *GROUPS, *SOURCES)
_CLEAN: dict[int, str] = {}


@pytest.fixture
def tell(driver: FakeDriver, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Tell a story with some faults on; what was seen. Its time passes with each question for it."""

    def told(story: Story, *faults: str) -> str:
        ticks = itertools.count(1)
        monkeypatch.setattr(clock, "rfc3339", lambda at=None: f"T{next(ticks):04}" if at is None else f"at {at}")
        monkeypatch.setattr(clock, "now_ns", lambda: next(ticks) * 1_000_000_000)
        for each in (driver.calls, driver.snapshots, driver.groups, driver.script):
            each.clear()
        whole = Whole(driver, peer, faults)
        story(whole)
        return whole.told()

    return told


@pytest.mark.parametrize("number", range(len(STORIES)))
def test_a_story_is_told_the_same_each_time(number: int, tell: Callable[..., str]) -> None:
    assert tell(STORIES[number]) == clean(tell, number)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_shows_in_a_story(fault: type[Fault], tell: Callable[..., str]) -> None:
    numbers = sorted(
        range(len(STORIES)), key=lambda number: (STORIES[number] in GROUPS) != (fault.kind == "groups")
    )
    assert any(faulty(tell, number, fault.name) != clean(tell, number) for number in numbers)


def clean(tell: Callable[..., str], number: int) -> str:
    """What is seen without a fault; told once a session."""
    if number not in _CLEAN:
        _CLEAN[number] = tell(STORIES[number])
    return _CLEAN[number]


def faulty(tell: Callable[..., str], number: int, fault: str) -> str:
    """What is seen with a fault, or how the story broke off: its next step may not be possible."""
    try:
        return tell(STORIES[number], fault)
    except (ApiError, AssertionError, LookupError, ValueError) as error:
        return repr(error)
