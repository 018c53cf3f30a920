"""Kind clusters of the proof, without kind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench.troubles import BenchError
from faults import kind_clusters
from faults.__main__ import main
from faults.kind_clusters import KindClusters, engine
from kind_lab import NotHereError

from pytest_csi_snapshot.errors import EnvironmentTrouble


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was made and deleted; a cluster with the fault ``fatal`` does not come up."""
    done: list[str] = []

    class Provider:
        def __init__(self, settings: Any) -> None:
            self._faults = " ".join(settings.csi_faults) or "clean"

        def create(self, progress: Any) -> str:
            progress(f"making {self._faults}")
            if self._faults == "fatal":
                raise EnvironmentTrouble("it does not come up")
            done.append(self._faults)
            return self._faults

        def delete(self, _progress: Any) -> None:
            done.append(f"end of {self._faults}")

    monkeypatch.setattr(kind_clusters, "KindProvider", Provider)
    return done


def test_each_fault_has_a_cluster_and_the_last_one_goes(tmp_path: Path, log: list[str]) -> None:
    clusters = KindClusters(tmp_path)
    clusters.switch(())
    clusters.switch(("tail-lost",))
    assert str(clusters.about) == "tail-lost"
    clusters.down()
    assert log == ["clean", "end of clean", "tail-lost", "end of tail-lost"]
    (told,) = tmp_path.glob("kind-*.log")
    assert told.read_text().splitlines() == ["making clean", "making tail-lost"]


def test_a_cluster_that_does_not_come_up_is_told_and_leaves_the_others_gone(
    tmp_path: Path, log: list[str]
) -> None:
    clusters = KindClusters(tmp_path)
    clusters.switch(())
    with pytest.raises(BenchError, match="it does not come up"):
        clusters.switch(("fatal",))
    clusters.down()
    assert log == ["clean", "end of clean", "end of fatal"]


def test_a_cluster_is_made_of_what_this_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_CSI_KIND_IMAGE", "node:1")
    monkeypatch.delenv("PYTEST_CSI_IMAGE", raising=False)
    made = kind_clusters.settings(("tail-lost",))
    assert (made.csi_kind_image, made.csi_image, made.csi_faults) == ("node:1", "busybox:1.37", ("tail-lost",))
    assert not made.csi_keep


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
