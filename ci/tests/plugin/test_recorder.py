"""The recorder by itself, and the words of a failure."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.recorder import ClauseViolation, Recorder
from pytest_csi_snapshot.reporting.words import TIMELINE_LINES, enumerated, show, version_of

from .conftest import Demo

VERSIONS = "Kubernetes v1.37.2, snapshot-controller v8.6.0, driver 1.4.0"


@dataclass(frozen=True)
class Seen:
    clause: str
    holds: bool | None
    about: str = "VolumeSnapshot a"
    expected: str = "ready stays true"
    observed: str = "ready became false"
    at: float = 1.25
    blame: str = "SC"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("t", versions=VERSIONS, rerun="pytest --csi-driver=x 't'")


def test_a_check_that_holds_is_recorded(recorder: Recorder) -> None:
    recorder.check("DEL-001", expected={"a": 1}, observed={"a": 1})
    recorder.check("DEL-002", expected="at least 1Gi", observed=2, holds=True)
    assert [(check.clause, check.holds) for check in recorder.checks] == [("DEL-001", True), ("DEL-002", True)]


def test_a_check_that_does_not_hold_tells_everything(recorder: Recorder) -> None:
    recorder.timeline(["0.12 s  VolumeSnapshot readyToUse=false"])
    with pytest.raises(ClauseViolation) as caught:
        recorder.check("SNAP-DYN-001", expected=1, observed=2, about="VolumeSnapshot a", hint="look there")
    story = str(caught.value)
    title, *rows = story.splitlines()
    assert title == "SNAP-DYN-001: expected 1, observed 2"
    for row in ("requirement    MUST (contract): For a VolumeSnapshot", "expected       1", "observed       2",
                "about          VolumeSnapshot a", "when           0.12 s  VolumeSnapshot readyToUse=false",
                "blamed on      snapshot-controller v8.6.0", "hint           look there",
                "run again with pytest --csi-driver=x 't'"):  # fmt: skip
        assert any(line.strip().startswith(row) for line in rows), story
    assert recorder.failures == [caught.value.failure]


def test_blame_can_be_put_on_another_component(recorder: Recorder) -> None:
    with pytest.raises(ClauseViolation, match=r"blamed on      driver 1\.4\.0"):
        recorder.check("SNAP-DYN-001", expected=1, observed=2, blame="DRV")
    with pytest.raises(ClauseViolation, match=r"blamed on      csi-snapshotter, driver 1\.4\.0"):
        recorder.check("SNAP-DYN-001", expected=1, observed=2, blame="SS, DRV")


def test_an_unknown_clause_is_our_own_slip(recorder: Recorder) -> None:
    with pytest.raises(UsageTrouble, match="'SNAP-DYM-001'"):
        recorder.check("SNAP-DYM-001", expected=1, observed=1)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.NOT_SUPPORTED])
def test_an_ending_skips_with_its_reason(recorder: Recorder, outcome: Outcome) -> None:
    end = recorder.unknown if outcome is Outcome.UNKNOWN else recorder.not_supported
    with pytest.raises(pytest.skip.Exception, match=f"{outcome}: df shows the host"):
        end("RES-006", "df shows the host")
    assert recorder.ending is not None
    assert recorder.ending.outcome is outcome


def test_a_finding_is_a_failure_a_doubt_or_nothing(recorder: Recorder) -> None:
    for clause, holds in (("STAT-007", False), ("STAT-005", None), ("STAT-003", True)):
        recorder.attach_violation(Seen(clause, holds), timeline=["1.25 s  readyToUse=false"])
    assert [(failure.clause, failure.at, failure.timeline) for failure in recorder.failures] == [
        ("STAT-007", 1.25, ("1.25 s  readyToUse=false",))
    ]
    assert recorder.doubts == {"STAT-005": "VolumeSnapshot a: ready became false"}


def test_a_long_timeline_is_told_by_its_ends(recorder: Recorder) -> None:
    recorder.timeline(f"{number} s  seen" for number in range(100))
    with pytest.raises(ClauseViolation) as caught:
        recorder.check("DEL-001", expected=1, observed=2)
    told = [line for line in str(caught.value).splitlines() if "seen" in line or "more" in line]
    assert len(told) == TIMELINE_LINES
    assert told[-1].endswith("99 s  seen")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "absent"),
        ("", '""'),
        ("Bound", "Bound"),
        (True, "true"),
        ({"a": [1]}, '{"a": [1]}'),
        ({"b", "a"}, '["a", "b"]'),
    ],
)
def test_values_in_words(value: object, text: str) -> None:
    assert show(value) == text


def test_versions_are_found_by_component() -> None:
    assert version_of("snapshot-controller", VERSIONS) == "v8.6.0"
    assert version_of("kube control plane", VERSIONS) == "v1.37.2"
    assert version_of("csi-snapshotter", VERSIONS) == ""


def test_lists_in_words() -> None:
    assert [enumerated(["a", "b", "c"][:number]) for number in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_what_a_test_has_seen_is_not_kept_after_it(demo: Demo) -> None:
    demo.suite(
        test_two="""
import gc
import weakref

SEEN = []


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.csi_clause("DEL-001")
def test_gone(csi_recorder, number):
    gc.collect()
    assert [each() for each in SEEN] == [None] * number
    SEEN.append(weakref.ref(csi_recorder))
    csi_recorder.check("DEL-001", expected="gone", observed="gone")
"""
    )
    demo.run().assert_outcomes(passed=3)
