"""Whoever looks at a volume while its files change their names sees it before or after, never in between."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_csi_snapshot.reference_impl.backend import durable
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.backend.readiness import robustness
from pytest_csi_snapshot.reference_impl.backend.records import Attachment
from pytest_csi_snapshot.reference_impl.backend.snapshots import Snapshots
from pytest_csi_snapshot.reference_impl.backend.volumes import Volumes

MIB = 1 << 20


class Watched(durable.Disk):
    """Asks ``look`` in another thread after each change of names, and gives it a moment to answer."""

    def __init__(self, look: Callable[[], str]) -> None:
        self._look = look
        self._threads = ThreadPoolExecutor(1)
        self.answers: list[Future[str]] = []

    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self._ask()

    def link(self, path: Path, new: Path) -> None:
        super().link(path, new)
        self._ask()

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self._ask()

    def _ask(self) -> None:
        if not self.answers or self.answers[-1].done():
            self.answers.append(self._threads.submit(self._look))
        with contextlib.suppress(TimeoutError):  # it waits, as it should
            self.answers[-1].result(0.02)

    def seen(self) -> set[str]:
        return {answer.result(10) for answer in self.answers}


def test_a_volume_is_healthy_while_its_snapshot_is_cut(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    volumes = Volumes(engine)
    volumes.create("pvc-a", 2 * MIB, "Block", "", {"numberOfReplicas": 1})
    volumes.attach("pvc-a", Attachment("node-1", "SINGLE_NODE_WRITER"))
    watched = Watched(lambda: robustness(engine, volumes.get("pvc-a")))
    monkeypatch.setattr(durable, "disk", watched)

    Snapshots(engine).create("pvc-a", "snap-1", {})

    assert watched.seen() == {"healthy"}
