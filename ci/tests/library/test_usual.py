"""What is remembered of how long tests take."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.scheduling import usual
from pytest_csi_snapshot.scheduling.usual import Usual, place_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "durations.json"


def remembered(path: Path, place: str) -> Usual:
    found = Usual(path)
    found.recall(place)
    return found


def test_each_place_has_its_own(path: Path) -> None:
    remembered(path, "one").keep({"a": 1.234, "b": 2.0})
    remembered(path, "other").keep({"a": 9.0})
    remembered(path, "one").keep({"a": 3.0})
    assert remembered(path, "one").seconds == {"a": 3.0, "b": 2.0}
    assert remembered(path, "other").seconds == {"a": 9.0}
    assert remembered(path, "third").seconds == {}
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_was_used_last_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual, "PLACES", 2)
    monkeypatch.setattr(usual, "TESTS", 2)
    for place in ("one", "two", "one", "three"):
        remembered(path, place).keep({"a": 1.0})
    assert list(json.loads(path.read_text())["places"]) == ["one", "three"]
    remembered(path, "one").keep({"b": 1.0, "c": 1.0})
    assert remembered(path, "one").seconds == {"b": 1.0, "c": 1.0}


@pytest.mark.parametrize("text", ["no json", "[]", '{"format": "another"}'])
def test_a_file_that_is_none_of_ours_is_told_and_made_anew(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    found = remembered(path, "one")
    assert str(path) in found.trouble
    assert found.seconds == {}
    found.keep({"a": 1.0})
    assert remembered(path, "one").seconds == {"a": 1.0}
    assert remembered(path, "one").trouble == ""


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = remembered(tmp_path / "file" / "durations.json", "one")
    found.keep({"a": 1.0})
    assert "cannot be" in found.trouble


CHOSEN: Any = SimpleNamespace(csi_controllers="upstream", driver_name="d.example.org", csi_cluster="embedded")


def cluster(provider: str, identity: str) -> Cluster:
    return Cluster(provider, "", "", "d.example.org", "", "", "", identity=identity)


def test_clusters_of_our_own_are_one_place_and_others_are_told_apart() -> None:
    assert place_of(CHOSEN, cluster("embedded", "a")) == place_of(CHOSEN, cluster("embedded", "b"))
    assert place_of(CHOSEN, cluster("embedded", "a")) == "embedded upstream d.example.org"
    assert place_of(CHOSEN, cluster("existing", "a")) == "existing a d.example.org"
    assert place_of(CHOSEN, cluster("existing", "")) == "existing d.example.org"
