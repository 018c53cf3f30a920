"""The stress suites: run when asked for, alone, and told apart from a judgement of everything."""

from __future__ import annotations

import json

import pytest

from .conftest import Demo

TESTS = """
from pytest_csi_snapshot.report.loads import Account, Load

@pytest.mark.csi_clause("SNAP-DYN-004")
def test_many(csi_recorder, pytestconfig):
    from pytest_csi_snapshot.settings import SETTINGS
    number = pytestconfig.stash[SETTINGS].csi_stress
    csi_recorder.loads.append(
        Load("many", "VolumeSnapshot", number, number, 16, 50.0, 2.0, 10.0, 20.0, accounts=(Account("a", 1, 1),))
    )
    csi_recorder.check("SNAP-DYN-004", expected=1, observed={observed})
"""


@pytest.fixture
def stress(demo: Demo) -> Demo:
    """A demo project whose suites have a stress suite."""
    folder = demo.path / "demo/suites/stress"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "test_many.py").write_text("import pytest\n" + TESTS.replace("{observed}", "1"))
    return demo


def ran(result: pytest.RunResult) -> list[str]:
    return [line.split()[0].rpartition("/")[2] for line in result.outlines if "::" in line and "PASSED" in line]


def test_an_ordinary_run_does_not_run_them(stress: Demo) -> None:
    assert ran(stress.run("-v")) == ["test_one.py::test_gone"]


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_a_stress_run_is_a_part_with_its_figures(stress: Demo, workers: tuple[str, ...]) -> None:
    result = stress.run("-v", "--csi-stress=30", "--csi-report=out", *workers)
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    report = json.loads((stress.path / "out/report.json").read_text())
    assert report["run"]["selected"] == ["--csi-stress=30"]
    assert report["verdict"]["result"] == "partial"
    (test,) = report["tests"]
    assert [(load["name"], load["made"], load["accounts"][0]["found"]) for load in test["loads"]] == [
        ("many", 30, 1)
    ]
    assert '"name":"many"' in (stress.path / "out/report.html").read_text()


def test_what_is_lost_breaks_its_clause(stress: Demo) -> None:
    (stress.path / "demo/suites/stress/test_many.py").write_text(
        "import pytest\n" + TESTS.replace("{observed}", "0")
    )
    result = stress.run("--csi-stress=30")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*SNAP-DYN-004*"])


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-stress=none"], "--csi-stress: 'none' is not a number from 1 to 10000"),
        (["--csi-stress=5", "--csi-stress-rate=0"], "--csi-stress-rate: '0' is not a number from 0.1 to 1000"),
        (["--csi-stress=5", "--csi-stress-minutes=x"], "--csi-stress-minutes: 'x' is not a number*"),
        (["demo/suites/stress"], "the stress suites make as many objects as you say: add --csi-stress=N"),
    ],
)
def test_a_wrong_wish_is_one_line(stress: Demo, args: list[str], told: str) -> None:
    result = stress.run(*args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}"])
