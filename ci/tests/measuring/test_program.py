"""The command line, with measurements of nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench import machine, program
from bench.figure import Measurement, Order, Taken
from bench.troubles import BenchError

from .examples import QUIET, measurement, taking


class NoMachine:
    def seen(self) -> machine.Surroundings:
        return QUIET


def failing(order: Order) -> Taken:
    (order.folder / "run").mkdir()
    (order.folder / "run" / "log").write_text("why")
    raise BenchError("no cluster can be had")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "Watcher", NoMachine)
    monkeypatch.setattr("signal.signal", lambda *_: None)


def bench(monkeypatch: pytest.MonkeyPatch, folder: Path, known: list[Measurement], *words: str) -> int:
    monkeypatch.setattr(program, "MEASUREMENTS", known)
    return program.main([*words, f"--output={folder}"])


def written(folder: Path) -> list[str]:
    told = json.loads((folder / "bench.json").read_text())
    return [each["name"] for each in told["measurements"]]


def test_every_budget_kept_is_0_and_all_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench(monkeypatch, tmp_path, [measurement("waits", taking(1.0))]) == 0
    assert written(tmp_path) == ["waits"]
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")


def test_a_missed_budget_is_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench(monkeypatch, tmp_path, [measurement("waits", taking(21.0))]) == 1


def test_what_cannot_be_measured_is_1_and_keeps_nothing_else_from_being(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = [measurement("first", failing), measurement("second", taking(1.0))]
    assert bench(monkeypatch, tmp_path, known) == 1
    assert written(tmp_path) == ["first", "second"]
    assert "first: NOT MEASURED: no cluster can be had" in capsys.readouterr().out
    assert (tmp_path / "troubles" / "first" / "run" / "log").read_text() == "why"


def test_what_takes_long_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [measurement("short", taking(1.0)), measurement("long", taking(1.0), "--whole")]
    bench(monkeypatch, tmp_path, known)
    assert written(tmp_path) == ["short"]
    bench(monkeypatch, tmp_path, known, "--whole")
    assert written(tmp_path) == ["short", "long"]
    bench(monkeypatch, tmp_path, known, "--only=long")
    assert written(tmp_path) == ["long"]


@pytest.mark.parametrize(("words", "times"), [((), 5), (("--quick",), 2), (("--quick", "--repeat=9"), 9)])
def test_how_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], times: int) -> None:
    orders: list[Order] = []

    def take(order: Order) -> Taken:
        orders.append(order)
        return taking(1.0)(order)

    bench(monkeypatch, tmp_path, [measurement("waits", take)], *words)
    assert [order.repetitions for order in orders] == [times]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only=wait",), "there is no 'wait'; "),
        (("--repeat=0",), "no number from 1 on"),
        (("--fast",), "--fast"),
    ],
)
def test_wrong_usage_is_one_line_and_4(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        bench(monkeypatch, tmp_path, [measurement("waits", taking(1.0))], *words)
    told = capsys.readouterr().err
    assert (ended.value.code, told.count("\n")) == (4, 1)
    assert said in told


def test_a_list_measures_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(monkeypatch, tmp_path / "new", [measurement("waits", failing, "--whole")], "--list") == 0
    assert "waits (5 times, only with --whole)" in capsys.readouterr().out
    assert not (tmp_path / "new").exists()
