"""Kind clusters of the proof, without kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench import kind_cluster
from bench.troubles import BenchError
from faults import kind_clusters
from faults.__main__ import main
from faults.kind_clusters import KindClusters


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was begun and ended; a cluster with the fault ``fatal`` does not come up."""
    done: list[str] = []

    @contextmanager
    def kept(folder: Path, words: Sequence[str]) -> Iterator[Any]:
        name = f"{folder.name} {' '.join(words[len(kind_clusters.WORDS) :])}".strip()
        if "fatal" in name:
            raise BenchError("it does not come up")
        done.append(name)
        yield SimpleNamespace(cluster=name)
        done.append(f"end of {name}")

    lab = SimpleNamespace(begin=lambda: done.append("lab"), end=lambda: done.append("end of lab"))
    monkeypatch.setattr(kind_cluster, "kept", kept)
    monkeypatch.setattr(kind_clusters, "KindLab", lambda: lab)
    return done


def test_each_fault_has_a_cluster_and_the_last_one_goes(tmp_path: Path, log: list[str]) -> None:
    clusters = KindClusters(tmp_path)
    clusters.up()
    clusters.switch(("tail-lost",))
    assert str(clusters.about) == "up-2 --csi-fault=tail-lost"
    clusters.down()
    made = ["lab", "up-1", "end of up-1", "up-2 --csi-fault=tail-lost", "end of up-2 --csi-fault=tail-lost"]
    assert log == [*made, "end of lab"]


def test_a_cluster_that_does_not_come_up_leaves_nothing(tmp_path: Path, log: list[str]) -> None:
    clusters = KindClusters(tmp_path)
    clusters.up()
    with pytest.raises(BenchError):
        clusters.switch(("fatal",))
    clusters.down()
    assert log == ["lab", "up-1", "end of up-1", "end of lab"]


def test_kind_alone_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--kind"])
    assert "give --e2e too" in capsys.readouterr().err
