"""Versions that are too old for a clause, and releases that are known not to keep one: neither fails a run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_csi_snapshot.deviations import deviations, known_deviation, read_deviations
from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.gates import gates, older
from pytest_csi_snapshot.requirements import Clause

from .conftest import Demo

ENTRY: dict[str, Any] = {
    "clause": "FIN-011",
    "component": "SC",
    "since": "8.0",
    "before": "8.7",
    "tests": ["test_leaks"],
    "what": "the finalizer stays",
    "reproduce": "delete the claim",
}

SUITE = """
import pytest

@pytest.mark.csi_clause("FIN-007", "DEL-001")
def test_new(csi_recorder):
    raise RuntimeError("is not begun")

@pytest.mark.csi_clause("DEL-001")
def test_old(csi_recorder):
    csi_recorder.check("FIN-007", expected=1, observed=2)
    csi_recorder.check("DEL-001", expected=1, observed=1)

@pytest.mark.csi_clause("FIN-011", "DEL-002")
def test_leaks(csi_recorder):
    csi_recorder.check("FIN-011", expected="gone", observed="Terminating")
"""


def clause(**since: str) -> Clause:
    return Clause("A-001", "MUST", "contract", ("SC",), "It is so.", (), "spec", "api", since=tuple(since.items()))


@pytest.mark.parametrize(
    ("since", "components", "reason"),
    [
        ({"SC": "8.6"}, {"SC": "v8.2.1"}, "needs snapshot-controller >= 8.6, this one is 8.2.1"),
        ({"SC": "8.6"}, {"SC": "8.6.0"}, ""),
        ({"SC": "8.6"}, {"SC": "8.10.0-vendor.3"}, ""),
        ({"SC": "8.6"}, {"SS": "8.2.1"}, ""),
        ({"SC": "8.6"}, {"SC": "canary"}, ""),
        (
            {"SC": "8.6", "EP": "6.2"},
            {"SC": "8.7.0", "EP": "5.3.0"},
            "needs external-provisioner >= 6.2, this one is 5.3.0",
        ),
        ({}, {"SC": "1.0.0"}, ""),
    ],
)
def test_a_clause_is_gated_by_an_older_component_only(
    since: dict[str, str], components: dict[str, str], reason: str
) -> None:
    assert gates([clause(**since)], components).get("A-001", "") == reason


def test_versions_are_compared_by_number() -> None:
    assert older("8.9.9", "8.10")
    assert not older("v8.6", "8.6.0")


@pytest.mark.parametrize(
    ("test", "version", "known"),
    [("test_leaks", "8.6.1", True), ("test_leaks", "8.7.0", False), ("test_leaks", "7.9.0", False),
     ("test_other", "8.6.1", False), ("test_leaks", "", False)],
)  # fmt: skip
def test_a_deviation_is_of_a_release_and_a_test(
    monkeypatch: pytest.MonkeyPatch, test: str, version: str, known: bool
) -> None:
    monkeypatch.setattr("pytest_csi_snapshot.deviations.deviations", lambda: read_deviations([ENTRY]))
    told = known_deviation("FIN-011", f"a.py::{test}[case]", "anything", {"SC": version})
    assert told == (f"snapshot-controller {version}: the finalizer stays" if known else "")


@pytest.mark.parametrize(
    ("clause", "observed", "known"),
    [("FIN-011", "terminating, finalizers ['held']", True), ("FIN-011", "finalizers ['held', 'other']", False),
     ("FIN-002", "terminating, finalizers ['held']", False)],
)  # fmt: skip
def test_one_that_any_test_may_see_is_known_by_what_is_seen(
    monkeypatch: pytest.MonkeyPatch, clause: str, observed: str, known: bool
) -> None:
    entry = {**ENTRY, "tests": [], "observed": "finalizers ['held']"}
    monkeypatch.setattr("pytest_csi_snapshot.deviations.deviations", lambda: read_deviations([entry]))
    assert bool(known_deviation(clause, "a.py::test_any", observed, {"SC": "8.6.1"})) == known


@pytest.mark.parametrize(("clause", "known"), [("EXP-014", True), ("EXP-021", True), ("FIN-011", False)])
def test_one_of_a_family_is_known_of_each_of_its_clauses(
    monkeypatch: pytest.MonkeyPatch, clause: str, known: bool
) -> None:
    entry = {**ENTRY, "clause": "EXP", "tests": [], "observed": "can't patch"}
    monkeypatch.setattr("pytest_csi_snapshot.deviations.deviations", lambda: read_deviations([entry]))
    assert bool(known_deviation(clause, "a.py::test_any", "it can't patch", {"SC": "8.6.1"})) == known


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tests": []}, "entry 1: needs tests or observed"),
        ({"clause": "FIN-999"}, "entry 1: unknown clause 'FIN-999'"),
        ({"component": "DRV"}, "entry 1: no component 'DRV'"),
        ({"before": 8.7}, "8.7 is not a version in quotes"),
        ({"why": "x"}, "may have before, issue, observed, since, tests"),
    ],
)
def test_a_wrong_entry_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageTrouble, match=told):
        read_deviations([{**ENTRY, **change}])


def test_the_packaged_list_can_be_read() -> None:
    assert all(each.what and each.reproduce and (each.tests or each.observed) for each in deviations())


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_neither_counts_against_the_driver(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=SUITE)
    demo.env(COMPONENTS=json.dumps({"SC": "8.2.1"}), DEVIATIONS=json.dumps([ENTRY]))
    result = demo.run(*workers)
    assert result.ret == 0
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)
    output = result.stdout.str()
    assert "unknown: FIN-007: needs snapshot-controller >= 8.6, this one is 8.2.1" in output
    assert "DEVIATES FIN-011  test_leaks" in output
    assert "known          deviation of snapshot-controller 8.2.1: the finalizer stays" in output
    assert "1 MUST failed, of these 1 known deviation of upstream controllers" in output


def test_a_newer_component_is_held_to_both(demo: Demo) -> None:
    demo.suite(test_one=SUITE)
    demo.env(COMPONENTS=json.dumps({"SC": "8.7.0"}), DEVIATIONS=json.dumps([ENTRY]))
    result = demo.run()
    assert result.ret == 1
    result.assert_outcomes(failed=3)
    assert "FAILED FIN-011" in result.stdout.str()
