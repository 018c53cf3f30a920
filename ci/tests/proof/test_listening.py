"""Which tests are still run once something is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest
from faults import listening
from faults.listening import Listener, owner_named

from pytest_csi_snapshot.outcomes import ClauseResult, Outcome
from pytest_csi_snapshot.scenario import Scenario

from .examples import row


def ran(monkeypatch: pytest.MonkeyPatch, *red: str) -> list[str]:
    """The clauses whose tests are run where some are red: DEL-001 is wanted, DEL-016 counts instead of it."""
    monkeypatch.setattr(listening, "carried_by", lambda item: cast(Any, item).clauses)
    listener = Listener(["DEL-001"], 60.0, lambda _: None, ["DEL-016"])
    listener.rows = [row(clause) for clause in red]
    items = [SimpleNamespace(clauses=(clause,)) for clause in ("DEL-001", "DEL-016", "RES-001")]
    return [item.clauses[0] for item in items if listener.tells_more(cast(pytest.Item, item))]


def test_all_that_the_fault_breaks_is_tried_while_nothing_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran(monkeypatch) == ["DEL-001", "DEL-016"]


def test_once_something_is_red_only_what_is_wanted_is_tried_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran(monkeypatch, "RES-001") == ["DEL-001"]
    assert ran(monkeypatch, "DEL-001") == []


@pytest.mark.parametrize(("red", "hurried"), [((), 0), (("RES-001",), 0), (("DEL-001",), 1)])
def test_nobody_waits_for_the_end_of_things_once_all_is_known(red: tuple[str, ...], hurried: int) -> None:
    listener = Listener(["DEL-001"], 60.0, lambda _: None)
    listener.rows = [row(clause) for clause in red]
    scenario = Mock(spec=Scenario)
    scenario.ledger = Mock()
    listener.pytest_runtest_teardown(cast(pytest.Item, SimpleNamespace(funcargs={"csi": scenario})))
    assert scenario.ledger.hurry.call_count == hurried


@pytest.mark.parametrize(("wanted", "told"), [("DEL-001", ["DEL-016"]), ("RES-001", ["DEL-016", "FIN-011"])])
def test_what_had_no_time_to_go_is_no_leak(wanted: str, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    results = [ClauseResult(clause, Outcome.FAILED).as_plain() for clause in ("DEL-016", "FIN-011")]
    monkeypatch.setattr(listening, "payload_of", lambda _report: {"results": results})
    listener = Listener([wanted], 60.0, lambda _: None)
    listener.rows = [row("DEL-001")]
    scenario = Mock(spec=Scenario)
    scenario.ledger = Mock()
    listener.pytest_runtest_teardown(cast(pytest.Item, SimpleNamespace(funcargs={"csi": scenario})))
    report = SimpleNamespace(nodeid="t", failed=True, when="teardown")
    listener.pytest_runtest_logreport(cast(pytest.TestReport, report))
    assert [each.clause for each in listener.rows[1:]] == told


def test_without_a_wish_every_test_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "carried_by", lambda _: ())
    assert Listener([], 60.0, lambda _: None).tells_more(cast(pytest.Item, None))


@pytest.mark.parametrize(
    ("blamed", "owner"),
    [
        ("SS", "csi-snapshotter"),
        ("driver d.example.com 1.2", "driver"),
        ("driver", "driver"),
        ("drivers", "drivers"),
    ],
)
def test_an_owner_is_known_by_its_key_and_by_what_is_told_after_its_name(blamed: str, owner: str) -> None:
    assert owner_named(blamed) == owner
