"""Whatever is done to a volume in whatever order, each snapshot keeps its content: that of a model in memory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from pytest_csi_snapshot.reference_impl.backend.pool import Pool
from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.backend.replica.names import HEAD
from pytest_csi_snapshot.reference_impl.backend.replica.tree import Layer
from pytest_csi_snapshot.reference_impl.backend.replicas import Replicas
from pytest_csi_snapshot.reference_impl.backend.store import Store
from pytest_csi_snapshot.reference_impl.linux import extents

BLOCK = extents.BLOCK
SIZE = 2 << 20
BLOCKS = [0, 1, 2, SIZE // BLOCK]
"""Those that are written: few, so that they meet; the last one comes with an expansion."""

Content = dict[int, int]
"""Block -> the byte it is full of; what is not there is zeros."""


@pytest.fixture(scope="module")
def pool(private_mounts: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = tmp_path_factory.mktemp("model")
    made = Pool(folder, 1 << 30)
    made.open()
    yield made
    assert release(folder) == []


class Life(RuleBasedStateMachine):
    """One volume with two replicas."""

    pool: Pool
    numbers = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.name = f"volume-{next(self.numbers)}"
        self.store = Store(self.pool, self.name, Replicas(self.pool, self.name))
        self.store.replicas.create(2, SIZE)
        self.size = SIZE
        self.head: Content = {}
        self.snapshots: dict[str, tuple[int, Content]] = {}
        self.names = (f"s{number}" for number in itertools.count())
        self.values = itertools.cycle(range(1, 256))

    def teardown(self) -> None:
        self.store.end_live()
        self.store.replicas.remove()

    def open(self) -> int:
        self.store.go_live()
        return os.open(self.store.live, os.O_RDWR)

    @rule(block=st.sampled_from(BLOCKS), length=st.integers(1, 2))
    def write(self, block: int, length: int) -> None:
        fd = self.open()
        value = next(self.values)
        for at in range(block, block + length):
            if (at + 1) * BLOCK <= self.size:
                os.pwrite(fd, bytes([value]) * BLOCK, at * BLOCK)
                self.head[at] = value
        os.close(fd)

    @rule(block=st.sampled_from(BLOCKS), reserved=st.booleans())
    def discard(self, block: int, *, reserved: bool) -> None:
        if (block + 1) * BLOCK > self.size:
            return
        fd = self.open()
        extents.punch(fd, block * BLOCK, BLOCK)
        if reserved:
            extents.reserve(fd, block * BLOCK, BLOCK)
        os.close(fd)
        self.head.pop(block, None)

    @rule()
    def detach(self) -> None:
        if self.store.is_live:
            self.store.settle()
            self.store.end_live()

    @rule()
    def snapshot(self) -> None:
        name = next(self.names)
        layer = Layer(name, user_created=True)
        if self.store.is_live:
            with self.store.flat(HEAD, "cut") as flat:
                self.store.snapshot(layer, flat)
        else:
            self.store.snapshot(layer)
        self.snapshots[name] = self.size, dict(self.head)

    @precondition(lambda self: self.size == SIZE)
    @rule()
    def expand(self) -> None:
        self.size = 2 * SIZE
        self.store.expand(Layer(f"expand-{self.size}"), self.size)

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), purge=st.booleans())
    def remove(self, data: Any, *, purge: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.snapshots)))
        self.store.mark(name)
        del self.snapshots[name]
        if purge:
            self.store.purge()

    @rule(block=st.sampled_from(BLOCKS[:3]), discard=st.booleans())
    def change_and_snapshot(self, block: int, *, discard: bool) -> None:
        if discard:
            self.discard(block, reserved=False)
        else:
            self.write(block, 1)
        self.snapshot()

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data())
    def revert(self, data: Any) -> None:
        self.detach()
        name = data.draw(st.sampled_from(sorted(self.snapshots)))
        self.store.revert(name)
        self.head = dict(self.snapshots[name][1])

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data())
    def rename(self, data: Any) -> None:
        old, new = data.draw(st.sampled_from(sorted(self.snapshots))), next(self.names)
        self.store.rename(old, new)
        self.snapshots[new] = self.snapshots.pop(old)

    @rule()
    def lose_and_rebuild(self) -> None:
        lost = self.store.replicas.good[0]
        self.pool.remove_replica(self.store.replicas.folder(lost))
        self.store.replicas.check()
        self.store.replicas.rebuild(self.store.replicas.begin_rebuild(), head_too=not self.store.is_live)
        self.store.replicas.forget(lost)
        assert len(self.store.replicas.good) == 2

    @rule()
    def restart(self) -> None:
        again = Replicas(self.pool, self.name, self.store.replicas.copies)
        again.open(set(self.snapshots))
        assert len(again.good) == 2
        self.store = Store(self.pool, self.name, again)

    @invariant()
    def everything_is_there(self) -> None:
        assert self.store.tree.size == self.size
        assert self.read(HEAD) == (self.size, self.head)
        for name, (size, content) in self.snapshots.items():
            assert self.read(name) == (size, content), name

    @invariant()
    def both_replicas_are_alike(self) -> None:
        one, other = self.store.replicas.each()
        assert one.tree.same_as(other.tree)
        for name in one.tree.layers:
            assert one.allocated(name) == other.allocated(name), name

    def read(self, layer: str) -> tuple[int, Content]:
        with self.store.flat(layer, "read") as flat:
            return read(flat)


def read(path: Path) -> tuple[int, Content]:
    found = {}
    with path.open("rb") as file:
        for extent in extents.of_file(file.fileno()):
            for block in range(extent.start // BLOCK, extent.end // BLOCK):
                data = os.pread(file.fileno(), BLOCK, block * BLOCK)
                assert data == data[:1] * BLOCK, f"block {block} is torn"
                if data[0]:
                    found[block] = data[0]
    return path.stat().st_size, found


def test_snapshots_keep_their_content(pool: Pool) -> None:
    class Here(Life):
        pass

    Here.pool = pool
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
