"""Prices: what a plan makes at most, and that what is told of a test is what it made."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_csi_snapshot.prices import NOTHING, Price, PriceList, price_list
from pytest_csi_snapshot.quantities import GI
from pytest_csi_snapshot.sizes import Sizes

from .conftest import Demo

PREFIX = "pytest_csi_snapshot/suites/"
LIST = PriceList(
    {
        "test_a.py::test_one": Price(2, 1, 1, 3, 2, 1),
        "test_a.py::test_two[x]": Price(1, 0, 0, 0, 1, 0),
        "test_a.py::test_two[y]": Price(0, 0, 4, 0, 0, 0),
        "test_b.py::test_three": NOTHING,
    },
    {"test_a.py": Price(1, 0, 1, 1, 1, 1)},
)


def test_an_unmeasured_variant_costs_what_the_dearest_measured_one_does() -> None:
    assert LIST.of(f"{PREFIX}test_a.py::test_two[x]") == Price(1, volumes_at_once=1)
    assert LIST.of(f"{PREFIX}test_a.py::test_two[z]") == Price(1, 0, 4, 0, 1, 0)
    assert LIST.of("tests/test_mine.py::test_one") is None


def test_what_a_file_shares_is_made_by_each_worker_that_runs_a_test_of_it() -> None:
    ids = [f"{PREFIX}test_a.py::test_one", f"{PREFIX}test_b.py::test_three", "mine.py::test_x"]
    assert LIST.in_all(ids, workers=1) == (Price(3, 1, 2, 4, 3, 2), 1)
    assert LIST.in_all(ids, workers=4) == (Price(3, 1, 2, 4, 3, 2), 1)
    both = [*ids, f"{PREFIX}test_a.py::test_two[x]"]
    assert LIST.in_all(both, workers=4)[0].volumes == 5
    assert LIST.in_all([], workers=4) == (NOTHING, 0)


def test_volumes_take_what_the_profile_says_of_sizes() -> None:
    assert Price(volumes=3, growths=2).bytes(Sizes()) == 4 * GI
    assert Price(volumes=3, growths=2).bytes(Sizes(5 * GI, step=5 * GI)) == 25 * GI


def test_the_packaged_table_has_every_packaged_test(demo: Demo) -> None:
    demo.env(REAL_SUITES="1")
    result = demo.run("--csi-list")
    assert result.ret == 0
    last = [line for line in result.outlines if line.startswith("at most ")][-1]
    assert "unknown price" not in last
    assert price_list().tests


def test_the_plan_tells_the_price_of_what_is_begun(demo: Demo) -> None:
    demo.env(REAL_SUITES="1")
    profile = demo.path / "profile.yaml"
    profile.write_text("capabilities: {clones: false}\nsize: {least: 10Gi}\n")
    plain = demo.run("--csi-list", "--csi-clauses=CLN-005,SEC-006").outlines
    denied = demo.run("--csi-list", "--csi-clauses=CLN-005", f"--csi-profile={profile}").outlines
    assert any(line.startswith("at most ") and not line.startswith("at most 0 ") for line in plain)
    assert "at most 0 volumes (0 GiB), 0 snapshots, 0 pods over the whole run, removed with each test" in denied


def test_prices_reach_junit_once_for_what_is_shared(demo: Demo) -> None:
    demo.suite(
        test_one="""
from pytest_csi_snapshot import counting
from pytest_csi_snapshot.prices import Price

@pytest.fixture(scope="module")
def source():
    yield
    counting.SHARED.append(Price(volumes=7))

@pytest.mark.csi_clause("DEL-001")
def test_gone(csi_recorder, source):
    csi_recorder.check("DEL-001", expected="gone", observed="gone")
    csi_recorder.price = Price(1, 2, 3, 4, 5, 6)

@pytest.mark.csi_clause("DEL-001")
def test_again(csi_recorder, source):
    csi_recorder.check("DEL-001", expected="gone", observed="gone")
"""
    )
    file = demo.path / "junit.xml"
    demo.run(f"--junitxml={file}").assert_outcomes(passed=2)
    assert sorted(told(file)) == [
        ["shared", "demo/suites/test_one.py", 7, 0, 0, 0, 0, 0],
        ["tests", "demo/suites/test_one.py::test_again", 0, 0, 0, 0, 0, 0],
        ["tests", "demo/suites/test_one.py::test_gone", 1, 2, 3, 4, 5, 6],
    ]


def told(file: Path) -> list[list[object]]:
    rows = (each for each in ElementTree.parse(file).iter("property") if each.get("name") == "csi_price")
    return [json.loads(row.get("value", "")) for row in rows]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (["tests", f"{PREFIX}test_a.py::test_one", 2, 1, 1, 3, 2, 1], ""),
        (
            ["tests", f"{PREFIX}test_a.py::test_one", 2, 1, 1, 4, 2, 1],
            "the table says (2, 1, 1, 3, 2, 1), this run",
        ),
        (["tests", f"{PREFIX}test_a.py::test_new", 1, 0, 0, 0, 0, 0], "no price in the table"),
        (["shared", f"{PREFIX}test_b.py", 1, 0, 0, 0, 0, 0], "no price in the table"),
    ],
)
def test_a_run_that_makes_more_than_the_table_says_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, row: list[object], complaint: str
) -> None:
    import measure_prices

    monkeypatch.setattr(measure_prices, "price_list", lambda: LIST)
    file = tmp_path / "junit.xml"
    root = ElementTree.Element("testsuites")
    ElementTree.SubElement(root, "property", name="csi_price", value=json.dumps(row))
    ElementTree.ElementTree(root).write(file)
    told_of = list(measure_prices.complaints(measure_prices.told([file])))
    assert len(told_of) == bool(complaint)
    assert all(complaint in line for line in told_of)
