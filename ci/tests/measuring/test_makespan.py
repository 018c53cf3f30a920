"""The makespan of a run, against what it could not be less than."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bench.figure import Figure
from bench.makespan import MAKESPAN, longest, ratio, told
from library.report.samples import report as sample

from pytest_csi_snapshot.report.model import Phases, Report, ReportedTest, RunTime, Seconds


def run(makespan: float = 12.0) -> Report:
    """Two tests, of 10 s and of 4 s."""
    tests = tuple(
        ReportedTest(name, "passed", phases=phases)
        for name, phases in (("s/b", Phases(1.0, 2.0, 1.0)), ("s/a", Phases(1.0, 8.0, 1.0)))
    )
    time = RunTime(Seconds(total=20.0), makespan, "s/a", 9.0, ("s/b", "s/a"))
    return replace(sample(), time=time, tests=tests)


@pytest.mark.parametrize(
    ("cpu", "makespan", "value", "kept"),
    [
        (4.0, 12.0, 1.2, True),  # little is computed: the longest test is the bound
        (4.0, 14.0, 1.4, False),
        (24.0, 12.0, 1.0, True),  # what is computed is the bound
        (24.0, 16.0, 16 / 12, False),
    ],
)
def test_the_bound_is_the_longest_test_or_what_is_computed(
    cpu: float, makespan: float, value: float, kept: bool
) -> None:
    found = ratio(run(makespan), cpu, cores=2)
    assert found == pytest.approx(value)
    assert Figure(MAKESPAN, (found,)).kept is kept


def test_a_test_is_as_long_as_its_phases() -> None:
    assert longest(run()) == 10.0


def test_it_is_told_what_the_figure_is_made_of() -> None:
    parts, path = told(run(), 24.0, cores=2)
    assert "makespan 12.0 s" in parts
    assert "longest test 10.0 s, CPU of all processes 24.0 s on 2 cores" in parts
    assert path.endswith("2 tests, of which the longest: s/a 10.0 s, s/b 4.0 s")
