"""How far a run is, counted, estimated and put into words; and the file that a worker publishes its state in."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pytest_csi_snapshot.outcomes import ClauseResult, Failure, Outcome
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.reporting.progress import telling
from pytest_csi_snapshot.reporting.progress.pace import left_in_words, seconds_left
from pytest_csi_snapshot.reporting.progress.tally import Tally
from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.standing import RECORD, Doing, Standing, read_standing


def tally(**plan: tuple[str, ...]) -> Tally:
    made = Tally()
    made.plan(plan)
    return made


def test_a_clause_is_done_when_the_last_of_its_tests_is() -> None:
    counts = tally(one=("DEL-001",), two=("DEL-001", "DEL-002"), three=())
    assert (counts.clauses, counts.clauses_done, counts.share) == (2, 0, 0.0)
    counts.ended("one", 1.0)
    counts.ended("one", 1.0)  # run again
    assert counts.clauses_done == 0
    counts.ended("two", 1.0)
    assert (counts.clauses_done, counts.share, counts.waiting) == (2, 1.0, ["three"])


def test_the_plan_is_learned_once() -> None:
    counts = tally(one=("DEL-001",))
    counts.plan({"other": ("FIN-001", "FIN-002")})
    assert (counts.tests, counts.clauses) == (1, 1)


EARLIER = {"a": 10.0, "b": 20.0, "c": 30.0}


@pytest.mark.parametrize(
    ("rest", "done", "earlier", "elapsed", "lanes", "expected"),
    [
        (["b", "c"], {"a": 9.0}, EARLIER, 9.0, 1, 50.0),  # too few have ended to correct what is known
        (["b", "c"], {"a": 9.0}, EARLIER, 9.0, 2, 25.0),
        (["new"], {}, EARLIER, 0.0, 1, 20.0),  # one that was never run takes what the others take
        (["x"] * 5, dict.fromkeys("abcde", 2.0), {}, 20.0, 4, 20.0),  # 5 of 10 in 20 s
        (["x"] * 5, dict.fromkeys("abcd", 2.0), {}, 8.0, 1, None),
        (["f"], dict.fromkeys("abcde", 9.0), dict.fromkeys("abcdef", 2.0), 40.0, 1, 8.0),  # four times as slow
    ],
)
def test_what_is_left_follows_earlier_runs_and_the_pace(
    rest: list[str],
    done: dict[str, float],
    earlier: dict[str, float],
    elapsed: float,
    lanes: int,
    expected: float | None,
) -> None:
    assert seconds_left(rest, done, earlier, elapsed, lanes) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "a few seconds left"),
        (6.0, "about 10 s left"),
        (43.0, "about 40 s left"),
        (100.0, "about 2 min left"),
        (7200.0, "about 2 h left"),
    ],
)
def test_an_estimate_is_worded_as_one(seconds: float | None, words: str) -> None:
    assert left_in_words(seconds) == words


def test_progress_in_words() -> None:
    counts = tally(one=("DEL-001",), two=("DEL-002",))
    counts.ended("one", 1.0)
    counts.failure("DEL-001", known=False)
    assert telling.done_in_words(counts, "about 2 min left") == "1 of 2 clauses, 1 failed, about 2 min left"
    counts.errored.add("DEL-002")
    assert telling.done_in_words(counts, "") == "1 of 2 clauses, 1 failed, 1 errored"
    assert telling.done_in_words(tally(mine=()), "") == "0 of 1 test"


def test_known_deviations_are_no_failures() -> None:
    counts = tally(one=("DEL-011",), two=("FIN-011",))
    counts.failure("DEL-011", known=True)
    assert telling.done_in_words(counts, "") == "0 of 2 clauses, 1 deviates as known"
    counts.failure("FIN-011", known=True)
    assert telling.done_in_words(counts, "") == "0 of 2 clauses, 2 deviate as known"
    counts.failure("FIN-011", known=False)
    assert telling.done_in_words(counts, "") == "0 of 2 clauses, 1 failed, 1 deviates as known"


def test_of_several_waits_the_oldest_is_told_and_a_test_that_waits_for_nothing_last() -> None:
    doing = [
        Doing("suites/test_a.py::test_one", 10.0),
        Doing("suites/test_a.py::test_two", 50.0, "readyToUse true", "VolumeSnapshot ns/a", 60.0),
        Doing("suites/test_a.py::test_three", 40.0, "its end", "VolumeSnapshot ns/b"),
    ]
    told = telling.doing_in_words(doing, 52.4)
    assert told == "waiting 12 s for its end: VolumeSnapshot b (and 2 more)"
    assert telling.doing_in_words(doing[:1], 52.4) == "in test_one for 42 s"
    assert telling.hanging_in_words(doing[:2], 52.4, 60.2) == [
        "no test has ended for 60 s",
        "  test_one: in test_one for 42 s",
        "  test_two: waiting 2 of 60 s for readyToUse true: VolumeSnapshot ns/a",
    ]


def failed(excuse: str = "") -> ClauseResult:
    failure = Failure("DEL-001", "gone", "still\nthere " + "x" * 500, 1.0, "")
    return ClauseResult("DEL-001", Outcome.FAILED, "", failure, excuse=excuse)


def test_a_failure_is_one_line_with_who_is_blamed() -> None:
    line = telling.failure_in_words(failed(), catalogue().by_id["DEL-001"], "x::test_x", "driver 1.4.0")
    assert line.startswith("FAILED DEL-001 expected gone, observed still there xxx")
    assert line.endswith(" …; blamed: snapshot-controller, csi-snapshotter, driver 1.4.0")
    known = telling.failure_in_words(failed("snapshot-controller 8.2"), catalogue().by_id["DEL-001"], "x::t", "")
    assert known.startswith("DEVIATES DEL-001 expected gone")
    errored = ClauseResult("DEL-002", Outcome.ERRORED, "call: KeyError: 'x'")
    assert telling.failure_in_words(errored, None, "a/b.py::test_x", "") == (
        "ERRORED DEL-002 call: KeyError: 'x' [test_x]"
    )


def test_a_line_is_cut_to_the_cells_of_the_terminal() -> None:
    assert telling.cut("0123456789", 10) == "0123456789"
    assert telling.cut("0123456789a", 10) == "0123456..."
    assert telling.width("快照é") == 5
    assert telling.cut("快照快照快照", 10) == "快照快..."


def test_a_process_publishes_what_it_waits_for(tmp_path: Path) -> None:
    standing, path = Standing(), tmp_path / "gw0"
    assert read_standing(path) is None
    standing.publish_in(path)
    assert read_standing(path) is None
    standing.test(Doing("x::test_a", 1.0))
    assert read_standing(path) == Doing("x::test_a", 1.0)
    before = time.monotonic()
    with standing.awaiting("VolumeSnapshot ns/" + "n" * 500, "readyToUse true", 60.0):
        seen = read_standing(path)
        assert seen is not None
        assert (seen.test, seen.awaited, seen.within) == ("x::test_a", "readyToUse true", 60.0)
        assert before <= seen.since <= time.monotonic()
        with standing.awaiting("of it", "more"):
            assert read_standing(path) == seen
    with pytest.raises(ValueError), standing.awaiting("Pod a/b", "its end"):
        raise ValueError
    assert read_standing(path) == Doing("x::test_a", 1.0)
    assert path.stat().st_size == RECORD
    standing.test(None)
    assert read_standing(path) is None


def test_half_a_record_is_none(tmp_path: Path) -> None:
    path = tmp_path / "gw0"
    path.write_text(json.dumps({"test": "x"})[:7])
    assert read_standing(path) is None


def test_what_is_published_holds_no_secret(tmp_path: Path) -> None:
    REDACTOR.hide("s3cr3t-of-this-test")
    standing = Standing()
    standing.publish_in(tmp_path / "gw0")
    with standing.awaiting("an answer with s3cr3t-of-this-test", "s3cr3t-of-this-test"):
        assert "s3cr3t" not in (tmp_path / "gw0").read_text()
