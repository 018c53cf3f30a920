"""Kind clusters of the proof, without kind."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench.troubles import BenchError
from faults import kind_clusters
from faults.__main__ import main
from faults.kind_clusters import KindCluster, KindSwitchboard, engine
from kind_lab import NotHereError

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.errors import EnvironmentTrouble

ABOUT = {"provider": "kind", "context": "c", "kubeconfig": "k", "driver": "d", "storage_class": "s", "image": "i",
         "snapshot_class": "v"}  # fmt: skip
TOLD = {
    "profile": "current",
    "faults": [],
    "assets": "",
    "placeholders": {"IMAGE": "reference:1", "FSTYPE": "xfs"},
}


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is applied to a cluster that does all at once."""
    bodies: list[Any] = []
    monkeypatch.setattr("faults.switching.connect", lambda *_: None)
    monkeypatch.setattr("faults.switching.crds.snapshot_crds", lambda _assets: [])
    monkeypatch.setattr("faults.switching.awaiting.wait_for", lambda *_: None)
    monkeypatch.setattr("faults.switching.Applier", lambda _client: SimpleNamespace(apply=bodies.extend))
    return bodies


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, applied: list[Any]) -> list[str]:
    """What was made and deleted, and switched on; with ``TROUBLE`` set no cluster comes up."""
    done: list[str] = []
    (tmp_path / "cluster.json").write_text(json.dumps(TOLD))

    class Provider:
        def __init__(self, settings: Any) -> None:
            assert (settings.csi_faults, settings.csi_keep) == ((), False)

        def create(self, progress: Any) -> Cluster:
            progress("making it")
            if os.environ.get("TROUBLE"):
                raise EnvironmentTrouble("it does not come up")
            done.append("made")
            return Cluster.from_plain({**ABOUT, "run_dir": str(tmp_path)})

        def delete(self, _progress: Any) -> None:
            done.append("deleted")

    monkeypatch.setattr(kind_clusters, "KindProvider", Provider)
    monkeypatch.setattr(kind_clusters, "connect", lambda *_: None)
    monkeypatch.setattr(KindSwitchboard, "turn_to", lambda _self, faults: done.append(f"on: {' '.join(faults)}"))
    return done


def test_a_cluster_has_its_faults_and_is_replaced_where_something_stays(
    tmp_path: Path, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    went = [True, False, True, False, False]
    monkeypatch.setattr(kind_clusters, "_gone", lambda _client: went.pop(0))
    cluster = KindCluster(tmp_path)
    cluster.up()
    cluster.switch(("tail-lost",))
    assert cluster.cleared()
    assert cluster.cleared()  # once what held it is off
    assert not cluster.cleared()
    cluster.replace()
    cluster.down()
    assert log == ["made", "on: tail-lost", "on: ", "on: ", "deleted", "made", "deleted"]
    (told,) = tmp_path.glob("kind-*.log")
    assert told.read_text().splitlines() == ["making it", "making it"]


def test_a_cluster_that_does_not_come_up_is_told(
    tmp_path: Path, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TROUBLE", "yes")
    cluster = KindCluster(tmp_path)
    with pytest.raises(BenchError, match="it does not come up"):
        cluster.up()
    cluster.down()
    assert log == ["deleted"]


def test_what_is_switched_are_the_workloads_of_its_image(tmp_path: Path, applied: list[Any]) -> None:
    (tmp_path / "cluster.json").write_text(json.dumps(TOLD))
    board = KindSwitchboard(Cluster.from_plain({**ABOUT, "run_dir": str(tmp_path)}))
    board.turn_to(("restore-drops-tail",))
    assert board.on == ("restore-drops-tail",)
    (changed,) = applied
    assert "reference:1" in str(changed)
    assert "'--fault', 'restore-drops-tail'" in str(changed)


def test_a_cluster_is_made_of_what_this_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_CSI_KIND_IMAGE", "node:1")
    monkeypatch.delenv("PYTEST_CSI_IMAGE", raising=False)
    made = kind_clusters.settings()
    assert (made.csi_kind_image, made.csi_image, made.csi_keep) == ("node:1", "busybox:1.37", False)


def lab(log: list[str], environment: Mapping[str, str] | None) -> SimpleNamespace:
    def variables() -> Mapping[str, str]:
        if environment is None:
            raise NotHereError("no Docker engine")
        return environment

    return SimpleNamespace(
        begin=lambda: log.append("begun"), environment=variables, end=lambda: log.append("ended")
    )


def test_the_engine_is_there_while_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    monkeypatch.setattr(kind_clusters, "KindLab", lambda: lab(log, {"DOCKER_HOST": "unix:///here"}))
    before = dict(os.environ)
    with engine():
        assert os.environ["DOCKER_HOST"] == "unix:///here"
        assert log == ["begun"]
    assert dict(os.environ) == before
    assert log == ["begun", "ended"]


def test_without_an_engine_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    monkeypatch.setattr(kind_clusters, "KindLab", lambda: lab(log, None))
    with pytest.raises(RuntimeError, match="no Docker engine"), engine():
        pass
    assert log == ["begun", "ended"]


def test_kind_alone_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--kind"])
    assert "give --e2e too" in capsys.readouterr().err
