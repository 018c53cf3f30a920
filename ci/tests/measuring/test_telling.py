"""The table, the data and the picture."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from bench import telling
from bench.picture import FULL, LEFT, WIDE, picture

from .examples import BUSY, QUIET, done, measurement, taking

SVG = "{http://www.w3.org/2000/svg}"


def test_a_row_has_spread_budget_and_verdict() -> None:
    lines = telling.table([done([10.0, 12.0, 90.0])])
    assert lines[0].split() == ["figure", "unit", "n", "min", "median", "max", "budget"]
    assert lines[1].split() == ["a", "wait", "ms", "3", "10", "12", "90", "20", "(median)", "kept"]
    assert lines[2].split() == ["only", "shown", "MB", "1", "7", "7", "7"]
    assert "waits: a note" in lines


def test_what_is_missed_is_told_in_its_row_and_at_the_end() -> None:
    lines = telling.table([done([30.0])])
    assert lines[1].endswith("MISSED: 30")
    assert lines[-1] == "budgets missed: a wait"


def test_a_machine_that_was_not_quiet_is_told() -> None:
    assert telling.table([done([1.0], BUSY)])[-1].startswith("the machine was not quiet")
    assert any(
        "LOADED: others used 80% of the processors before" in each for each in telling.table([done([1.0], BUSY)])
    )
    assert not any("LOADED" in line for line in telling.table([done([1.0], QUIET)]))


def test_what_could_not_be_measured_is_not_kept() -> None:
    failed = telling.Done(measurement("waits", taking()), trouble="no cluster")
    assert telling.table([failed])[-1] == "waits: NOT MEASURED: no cluster"
    assert telling.data([failed], {}, "now")["kept"] is False


def test_the_data_has_every_value() -> None:
    told = telling.data([done([10.0, 30.0])], {"processors": 2}, "now")
    figure = told["measurements"][0]["figures"][0]
    assert (figure["values"], figure["judged"], figure["at_most"], figure["kept"]) == (
        [10.0, 30.0],
        20.0,
        20.0,
        True,
    )
    assert told["machine"] == {"processors": 2}


def test_the_picture_has_a_bar_for_each_budget_and_cuts_what_is_too_long() -> None:
    figures = [figure for values in ([10.0], [1000.0]) for figure in done(values).figures]
    drawn = ElementTree.fromstring(picture(figures, "a < b"))
    bars = [each for each in drawn.iter(f"{SVG}rect") if each.get("x") == str(LEFT)]
    assert [float(bar.get("width", "")) for bar in bars] == [WIDE * 0.5 / FULL, WIDE]
    words = [each.text or "" for each in drawn.iter(f"{SVG}text")]
    assert "10 of 20 ms" in words
    assert "1000 of 20 ms \u25b8" in words
    assert not any("only shown" in word for word in words)
