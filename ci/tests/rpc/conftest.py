"""Fixtures: tests of the suites, called without a pytest of their own, which would cost seconds each."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.csi.calls import Line
from pytest_csi_snapshot.csi.capabilities import read_capabilities
from pytest_csi_snapshot.csi.endpoints import parse_endpoint
from pytest_csi_snapshot.csi.inputs import Inputs
from pytest_csi_snapshot.csi.nodes import Place
from pytest_csi_snapshot.csi.plugin import reach
from pytest_csi_snapshot.csi.rpc import Rpc
from pytest_csi_snapshot.csi.sight import Sight
from pytest_csi_snapshot.recorder import Recorder

from . import fake_driver

Judge = Callable[..., Recorder]


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name: a socket lies in it."""
    with tempfile.TemporaryDirectory(prefix="csi-") as name:
        yield Path(name)


@pytest.fixture
def judge(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Run a test of the suites against the fake driver; its checks come back, its violation is raised."""
    monkeypatch.setattr(Place, "size", property(_size))

    def run(test: Callable[..., None], *bugs: str, inputs: Inputs | None = None, **arguments: Any) -> Recorder:
        recorder = Recorder(test.__name__)
        with fake_driver.serving(folder, *bugs) as (endpoint, state):
            rpc = made(endpoint, recorder, inputs or Inputs(), folder)
            try:
                test(rpc, **arguments)
            finally:
                rpc.close()
            assert [*state.volumes, *state.snapshots, *state.groups] == [], "the test left something"
        return recorder

    return run


def made(endpoint: str, recorder: Recorder, inputs: Inputs, folder: Path) -> Rpc:
    """The verbs at ``endpoint``, as the fixture of the plugin makes them."""
    line = Line(parse_endpoint(endpoint), secrets=inputs.secret_values)
    rpc = Rpc(
        line,
        reach(line.endpoint),
        read_capabilities(line),
        inputs,
        recorder,
        snapshot_limit=fake_driver.LIMIT,
    )
    uses = folder / "uses"
    uses.mkdir(exist_ok=True)
    rpc.sight = lambda clause: _Sight("", str(uses))  # type: ignore[method-assign]
    return rpc


class _Sight(Sight):
    """Takes a folder for a mount, and a file for a device."""

    def published(self, path: str, *, block: bool) -> bool:
        return self.at(path).exists()


def _size(place: Place) -> int:
    return place.seen.stat().st_size if place.block else int((place.seen / "size").read_text())


def cases_of(module: Any) -> list[tuple[Callable[..., None], dict[str, Any]]]:
    """Every test of a file of the suites, with the arguments of each of its variants."""
    found: list[tuple[Callable[..., None], dict[str, Any]]] = []
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("test_"):
            marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
            variants = [{marks[0].args[0]: value} for value in marks[0].args[1]] if marks else [{}]
            found += [(function, variant) for variant in variants]
    return found
