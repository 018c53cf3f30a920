"""The ledger on disk: there before the object, and gone with a run that left nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_csi_snapshot import ledger_file
from pytest_csi_snapshot.kube.kinds import NAMESPACE, SNAPSHOT
from pytest_csi_snapshot.ledger_file import Entry

HERE, THERE = "https://here", "https://there"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pytest-csi-snapshot" / "ledgers"


def note(run: str, worker: str, name: str) -> None:
    file = ledger_file.joined(run, worker)
    assert file
    file.note("create", SNAPSHOT, "ns", name)


def test_every_process_of_a_run_writes_its_own_file() -> None:
    ledger_file.begin("abcd", HERE)
    note("abcd", "gw0", "one")
    note("abcd", "gw1", "two")
    note("abcd", "gw0", "three")
    assert [entry.name for entry in ledger_file.entries("abcd")] == ["one", "three", "two"]
    assert next(ledger_file.entries("abcd")) == Entry("create", "VolumeSnapshot", "ns", "one")


def test_runs_are_known_by_their_cluster_until_they_end() -> None:
    ledger_file.begin("abcd", HERE)
    ledger_file.begin("dcba", THERE)
    assert ledger_file.runs_at(HERE) == ["abcd"]
    ledger_file.end("abcd")
    ledger_file.end("abcd")
    assert ledger_file.runs_at(HERE) == []
    assert ledger_file.runs_at(THERE) == ["dcba"]


def test_a_run_whose_cluster_ends_with_it_keeps_none() -> None:
    assert ledger_file.joined("abcd", "gw0") is None


def test_what_was_noted_is_on_disk_at_once(state: Path) -> None:
    ledger_file.begin("abcd", HERE)
    file = ledger_file.joined("abcd", "gw0")
    assert file
    if (child := os.fork()) == 0:
        file.note("create", NAMESPACE, "", "n")
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert [entry.name for entry in ledger_file.entries("abcd")] == ["n"]
    assert (state / "abcd" / "gw0.jsonl").stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_is_left_out(state: Path) -> None:
    ledger_file.begin("abcd", HERE)
    note("abcd", "gw0", "one")
    with (state / "abcd" / "gw0.jsonl").open("a") as file:
        file.write('{"verb": "cre')
    assert [entry.name for entry in ledger_file.entries("abcd")] == ["one"]
