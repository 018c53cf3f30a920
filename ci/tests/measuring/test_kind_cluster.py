"""The kind cluster of the side by side: ours goes, somebody's stays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace as Told
from typing import Any

import pytest
from bench import kind_cluster
from bench.troubles import BenchError
from kind_lab import NotHereError

CLUSTER = {"provider": "kind", "kubeconfig": "k", "context": "c", "driver": "d", "storage_class": "s",
           "snapshot_class": "v", "image": "i"}  # fmt: skip


class Lab:
    missing = ""

    def begin(self) -> None: ...

    def end(self) -> None: ...

    def environment(self) -> Mapping[str, str]:
        if self.missing:
            raise NotHereError(self.missing)
        return {"DOCKER_HOST": "unix:///x"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Told:
    """``about`` is what is told of the kept cluster, ``log`` what was done."""
    here = Told(about={}, log=[], path=tmp_path)

    def run(_folder: Path, words: list[str], environment: Mapping[str, str]) -> None:
        here.log.append(f"made on {environment['DOCKER_HOST']}")
        here.about = about("upstream")

    monkeypatch.setattr(kind_cluster, "KindLab", Lab)
    monkeypatch.setattr("bench.trials.run", run)
    monkeypatch.setattr(kind_cluster, "_end", lambda _environment: here.log.append("deleted"))
    records = Told(named=lambda _name: Told(about=here.about))
    monkeypatch.setattr(kind_cluster, "Records", Told(of_user=lambda: records))
    return here


def about(controllers: str, faults: str = "") -> dict[str, Any]:
    settings = {"faults": faults, "controllers": controllers, "feature gates": "", "workload image": "i"}
    return {"cluster": CLUSTER, "settings": settings}


def test_one_is_made_and_deleted(machine: Told, tmp_path: Path) -> None:
    with kind_cluster.kept(tmp_path) as cluster:
        assert (cluster.driver.name, cluster.driver.storage_class, cluster.driver.snapshot_class) == (
            "d",
            "s",
            "v",
        )
        machine.log.append("used")
    assert machine.log == ["made on unix:///x", "used", "deleted"]


def test_it_is_deleted_when_what_is_measured_fails(machine: Told, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), kind_cluster.kept(tmp_path):
        raise ZeroDivisionError
    assert machine.log[-1] == "deleted"


def test_one_that_was_kept_is_used_and_stays(machine: Told, tmp_path: Path) -> None:
    machine.about = about("upstream")
    with kind_cluster.kept(tmp_path):
        pass
    assert machine.log == []


@pytest.mark.parametrize("there", [about("reference"), about("upstream", "snapshot-loses-data")])
def test_one_of_another_kind_is_not_used(machine: Told, tmp_path: Path, there: dict[str, Any]) -> None:
    machine.about = there
    with pytest.raises(BenchError, match="has other controllers"), kind_cluster.kept(tmp_path):
        pass
    assert machine.log == []


def test_without_an_engine_it_is_told_why(machine: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lab, "missing", "no Docker engine")
    with pytest.raises(BenchError, match="no Docker engine"), kind_cluster.kept(tmp_path):
        pass
    assert machine.log == []
