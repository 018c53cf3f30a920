"""The matrix in words, and the page of the faults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from faults import standing, telling
from faults.observing import Observation, judged
from faults.page import page
from faults.tests import Tests

from .examples import case, observed, row

CAUGHT = judged(case(), observed(row("DEL-001"), row("DEL-016")))
MISSED = judged(case("lost-event", "csi-snapshotter", "errors"), observed(row("DEL-001", "passed")))
STRAY = judged(case("lost-secret", "csi-provisioner"), observed(row("DEL-001", "failed", "driver")))


def test_each_fault_has_a_line_and_the_figures_add_up() -> None:
    lines = telling.table([CAUGHT, MISSED])
    assert [line.split()[:5] for line in lines[1:]] == [
        ["late-delete", "driver", "data", "intended", "DEL-001"],
        ["lost-event", "csi-snapshotter", "errors", "missed", "(DEL-001)"],
    ]
    assert telling.totals([CAUGHT, MISSED, STRAY], {"FIN-001": "no fault breaks it"}, 10) == [
        "3 faults: 2 caught by the intended clause, 0 by another, 1 missed, 0 not tried",
        "blamed on the faulty component: 1 of 2, on it alone: 1",
        "MUST clauses that turned red: 9 of 10",
        "seconds a fault takes, in the middle: 4.0",
    ]


def test_the_seconds_are_shared_out() -> None:
    seen = [
        Observation("a", seconds=10.0, switching=2.0, clearing=1.0),
        Observation("b", seconds=10.0, switching=3.0),
    ]
    assert telling.spent(seen) == "their seconds went to switching 25 %, tests 70 %, clearing 5 %"


def test_what_is_not_as_it_should_be_is_explained() -> None:
    assert telling.explanations([CAUGHT, MISSED, STRAY]) == [
        "missed: lost-event: DEL-001: passed",
        "wrong owner: lost-secret is in external-provisioner, DEL-001 blames driver",
    ]


def test_the_data_has_the_worst_outcome_of_each_clause() -> None:
    seen = observed(row("DEL-001", "passed"), row("DEL-001"), row("DEL-016", "unknown"))
    (told,) = telling.data([judged(case(), seen)], [seen], {}, [])["faults"]
    assert told["clauses"] == {"DEL-001": "failed", "DEL-016": "unknown"}
    assert (told["caught"], told["owner_right"]) == ("intended", True)


def test_the_page_shows_who_finds_what(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    ours = {"late-delete": {standing.OURS: "intended"}, "gone": {standing.OURS: "missed"}}
    standing.note(ours, {"late-delete", "gone"}, file)
    standing.note({"late-delete": {standing.SANITY: "missed"}}, {"late-delete"}, file)
    assert standing.read(file) == {"late-delete": {"csi-snapshot": "intended", "csi-sanity": "missed"}}
    text = page([case(), case("lost-event", "csi-snapshotter")], standing.read(file))
    assert "| `late-delete` | data | DEL-001 | the clause | missed | not run |  |" in text
    assert "| `lost-event` | data | DEL-001 | not run | - | not run |  |" in text


def test_faults_that_e2e_does_not_look_at_are_not_among_those_that_it_was_asked_about() -> None:
    said = {"a": ("intended", "caught"), "b": ("missed", "missed"), "c": ("intended", standing.UNSEEN)}
    noted = {name: {standing.OURS: ours, standing.E2E: e2e} for name, (ours, e2e) in said.items()}
    text = page([case(name) for name in "abcd"], noted)
    assert "e2e was asked about 2, and finds 1; of the same this suite finds 1." in text
    assert "| `c` | data | DEL-001 | the clause | not run | - |  |" in text


def test_the_page_shows_which_clauses_no_fault_has_turned_red() -> None:
    noted = {"late-delete": {standing.OURS: "another", standing.RED: "FIN-011 DEL-016"}}
    text = page([case(), case("lost-event", "csi-snapshotter")], noted)
    assert re.search(r"^1 of the \d+ MUST clauses have turned red", text, re.MULTILINE)
    assert "- DEL-001: stayed green under late-delete\n" in text
    assert "- DEL-002: no fault breaks it\n" in text
    assert "- FIN-011" not in text


@pytest.mark.parametrize("test", ["s/test_a.py::test_one", "s/test_a.py::test_one[a b-c]"])
def test_a_plan_tells_the_tests_of_a_clause(test: str) -> None:
    tests = Tests(["= session =", f"DEL-001  MUST    {test}", f"DEL-016  SHOULD  {test}x  on companion no-list",
                   "HA-005  MAY     (no test)", "2 clauses, 2 with a test, 2 tests"])  # fmt: skip
    assert dict(tests.of) == {"DEL-001": [test], "DEL-016": [f"{test}x"]}
    assert tests.price(test) < tests.price(f"{test}x")
