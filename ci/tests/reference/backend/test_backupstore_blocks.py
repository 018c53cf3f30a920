"""Which blocks are written, kept and collected."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_csi_snapshot.reference_impl.backend.backupstore import catalog, creating, deleting, restoring
from pytest_csi_snapshot.reference_impl.backend.backupstore.blocks import Blocks
from pytest_csi_snapshot.reference_impl.backend.backupstore.configs import BLOCK_SIZE, VolumeConfig
from pytest_csi_snapshot.reference_impl.backend.backupstore.errors import BlockError, StoppedError, StoreError
from pytest_csi_snapshot.reference_impl.backend.backupstore.paths import VolumeFolder
from pytest_csi_snapshot.reference_impl.backend.ranges import Range

from .store import AT, Bench, forgetful_disk, noise

__all__ = ["forgetful_disk"]

pytestmark = pytest.mark.usefixtures("forgetful_disk")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def three(bench: Bench) -> None:
    """Three backups of two blocks, the first of them rewritten each time."""
    bench.write(0, noise(BLOCK_SIZE, 0))
    bench.write(BLOCK_SIZE, noise(BLOCK_SIZE, 1))
    base = bench.backup("backup-1")
    for number in (2, 3):
        changed = bench.write(0, noise(BLOCK_SIZE, number))
        base = bench.backup(f"backup-{number}", [changed], base)


def test_a_block_is_stored_once(bench: Bench) -> None:
    for number in range(4):
        bench.write(number * BLOCK_SIZE, noise(BLOCK_SIZE, number % 2))
    config = bench.backup("backup-1")
    assert (len(config.blocks), len(bench.blocks()), bench.volume().block_count) == (4, 2, 2)
    again = bench.backup("backup-2")
    assert (again.newly_uploaded, again.re_uploaded) == (0, 0)
    assert bench.volume().block_count == 2


def test_another_volume_shares_nothing(bench: Bench) -> None:
    other = Bench(bench.root, "pvc-b")
    for each in (bench, other):
        each.write(0, noise(BLOCK_SIZE, 1))
        assert each.backup("backup-1").newly_uploaded > 0
        assert len(each.blocks()) == 1


def test_zeros_take_no_block(bench: Bench) -> None:
    bench.write(BLOCK_SIZE, b"data")
    first = bench.backup("backup-1")
    assert list(first.blocks) == [BLOCK_SIZE]
    second = bench.backup("backup-2", [bench.write(BLOCK_SIZE, bytes(4))], first)
    assert (second.blocks, second.size) == ({}, 0)
    assert bench.restored("backup-2") == bytes(len(bench.content))


def test_an_incremental_backup_reads_what_changed_and_nothing_else(bench: Bench) -> None:
    bench.write(0, noise(BLOCK_SIZE, 0))
    bench.write(BLOCK_SIZE, noise(BLOCK_SIZE, 1))
    first = bench.backup("backup-1")
    bench.write(0, b"not told")
    second = bench.backup("backup-2", [bench.write(2 * BLOCK_SIZE - 2, b"four")], first)
    assert second.incremental
    assert second.blocks[0] == first.blocks[0]
    assert second.blocks[BLOCK_SIZE] != first.blocks[BLOCK_SIZE]
    assert set(second.blocks) == {0, BLOCK_SIZE, 2 * BLOCK_SIZE}


def test_what_the_base_has_lost_is_uploaded_anew(bench: Bench) -> None:
    bench.write(0, noise(BLOCK_SIZE, 0))
    first = bench.backup("backup-1")
    bench.blocks()[0].unlink()
    second = bench.backup("backup-2", [bench.write(BLOCK_SIZE, b"new")], first)
    assert second.newly_uploaded > 0
    assert bench.restored("backup-2") == bench.content


def test_mode_full_uploads_all_again(bench: Bench) -> None:
    bench.write(0, noise(BLOCK_SIZE, 0))
    first = bench.backup("backup-1")
    bench.blocks()[0].write_bytes(b"rotten")
    second = bench.backup("backup-2", mode="full")
    assert (second.newly_uploaded, second.re_uploaded) == (0, first.newly_uploaded)
    assert bench.volume().block_count == 1
    assert bench.restored("backup-1") == bench.content


def test_each_of_three_restores_its_own_and_the_middle_can_go(bench: Bench) -> None:
    three(bench)
    assert (len(bench.blocks()), bench.volume().block_count) == (4, 4)
    deleting.delete_backup(bench.folder, "backup-2")
    assert (len(bench.blocks()), bench.volume().block_count) == (3, 3)
    assert bench.restored("backup-3") == bench.content
    assert bench.restored("backup-1")[:BLOCK_SIZE] == noise(BLOCK_SIZE, 0)
    assert bench.volume().last_backup == "backup-3"
    deleting.delete_backup(bench.folder, "backup-3")
    assert (bench.volume().last_backup, bench.volume().block_count) == ("backup-1", 2)
    deleting.delete_backup(bench.folder, "backup-1")
    assert (bench.volume().last_backup, bench.volume().last_backup_at, bench.blocks()) == ("", "", [])
    assert list(bench.folder.path.glob("blocks/*")) == []
    deleting.delete_backup(bench.folder, "backup-1")


def test_nothing_is_collected_while_a_backup_is_in_progress(bench: Bench) -> None:
    three(bench)
    creating.begin(bench.folder, bench.config("backup-4"), VolumeConfig("pvc-a", 1, AT))
    deleting.delete_backup(bench.folder, "backup-3")
    assert (len(bench.blocks()), bench.volume().block_count, bench.volume().last_backup) == (4, 4, "backup-2")
    deleting.delete_backup(bench.folder, "backup-4")
    assert len(bench.blocks()) == 3


def test_nothing_is_collected_while_a_configuration_cannot_be_read(bench: Bench) -> None:
    three(bench)
    path = bench.folder.backup_config("backup-3")
    good = path.read_bytes()
    path.write_bytes(good[:-20])
    deleting.delete_backup(bench.folder, "backup-1")
    assert len(bench.blocks()) == 4
    path.write_bytes(good)
    deleting.tidy(bench.folder)
    assert len(bench.blocks()) == 3
    assert bench.restored("backup-3") == bench.content


def test_a_damaged_backup_can_be_deleted(bench: Bench) -> None:
    three(bench)
    bench.folder.backup_config("backup-3").write_text("{")
    deleting.delete_backup(bench.folder, "backup-3")
    assert [entry.name for entry in catalog.backups(bench.folder)] == ["backup-1", "backup-2"]
    assert (len(bench.blocks()), bench.volume().last_backup) == (3, "backup-2")


def test_nothing_is_collected_when_a_backup_appears_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(bench)
    clean = Blocks.names

    def with_another(self: Blocks) -> list[str]:
        creating.begin(bench.folder, bench.config("backup-4"), VolumeConfig("pvc-a", 1, AT))
        monkeypatch.setattr(Blocks, "names", clean)
        return list(clean(self))

    monkeypatch.setattr(Blocks, "names", with_another)
    deleting.delete_backup(bench.folder, "backup-3")
    assert len(bench.blocks()) == 4


def test_leftovers_are_ignored_and_collected(bench: Bench) -> None:
    three(bench)
    half = bench.blocks()[0].with_suffix(".12345678.tmp")
    half.write_bytes(b"half")
    stray = bench.folder.blocks / "aa" / "bb" / f"{'aabb' * 16}.blk"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"of a backup that never was")
    cfg = bench.folder.backups / "backup_backup-9.cfg.tmp"
    cfg.write_text("{")
    assert [entry.name for entry in catalog.backups(bench.folder)] == ["backup-1", "backup-2", "backup-3"]
    deleting.tidy(bench.folder)
    assert not half.exists()
    assert not stray.parent.exists()
    assert not cfg.exists()
    assert (len(bench.blocks()), bench.volume().block_count) == (4, 4)


def test_a_volume_goes_with_everything_but_its_neighbours(bench: Bench) -> None:
    three(bench)
    other = Bench(bench.root, "pvc-b")
    other.backup("backup-1")
    deleting.delete_volume(bench.folder)
    deleting.vanish(bench.folder)
    assert not bench.folder.path.exists()
    assert [entry.name for entry in catalog.volumes(bench.root)] == ["pvc-b"]
    deleting.delete_volume(bench.folder)


def test_a_name_is_taken_once(bench: Bench) -> None:
    bench.backup("backup-1")
    with pytest.raises(StoreError, match="exists"):
        bench.backup("backup-1")


def test_a_damaged_volume_cfg_is_written_anew(bench: Bench) -> None:
    three(bench)
    bench.folder.config.write_text("{")
    bench.backup("backup-4")
    assert (bench.volume().last_backup, bench.volume().block_count) == ("backup-4", 4)


def test_a_damaged_block_fails_the_restore(bench: Bench) -> None:
    three(bench)
    rotten = bench.read("backup-3").blocks[BLOCK_SIZE]
    path = next(path for path in bench.blocks() if path.stem == rotten)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BlockError, match=f"backup-3, offset {BLOCK_SIZE}: block {rotten} is damaged"):
        bench.restored("backup-3")
    path.write_bytes(b"")
    with pytest.raises(BlockError, match="is damaged"):
        bench.restored("backup-3")
    path.unlink()
    with pytest.raises(BlockError, match=f"block {rotten} is missing"):
        bench.restored("backup-3")


def test_a_block_that_holds_another_is_damaged(bench: Bench) -> None:
    three(bench)
    first, second, *_ = bench.blocks()
    first.write_bytes(second.read_bytes())
    with pytest.raises(BlockError, match="is damaged"):
        Blocks(bench.folder.blocks).read(first.stem, "lz4", BLOCK_SIZE)


def test_a_restore_that_is_not_wanted_stops(bench: Bench, tmp_path: Path) -> None:
    three(bench)
    file = tmp_path / "target.img"
    file.touch()
    with file.open("r+b") as target, pytest.raises(StoppedError):
        restoring.restore(bench.folder, bench.read("backup-3"), target.fileno(), 2, lambda *_: None, lambda: False)


def test_a_larger_restore_has_zeros_behind(bench: Bench) -> None:
    three(bench)
    size = len(bench.content) + BLOCK_SIZE
    assert bench.restored("backup-3", size) == bench.content + bytes(BLOCK_SIZE)


SMALL = 6
"""Blocks of the volume that hypothesis writes to."""
writes = st.lists(
    st.tuples(st.integers(0, SMALL - 1), st.sampled_from(["zeros", "a", "b", "c", "end"])), min_size=0, max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(writes, st.booleans()), min_size=1, max_size=5), data=st.data())
def test_a_chain_of_incremental_backups_is_as_good_as_full_copies(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[list[tuple[int, str]], bool]], data: st.DataObject
) -> None:
    bench = Bench(tmp_path_factory.mktemp("chain"), content=bytearray(SMALL * BLOCK_SIZE), compression="none")
    copies: dict[str, bytes] = {}
    base = None
    for number, (changes, incremental) in enumerate(steps):
        ranges: list[Range] = []
        for block, what in changes:
            offset = block * BLOCK_SIZE
            if what == "zeros":
                ranges.append(bench.write(offset, bytes(BLOCK_SIZE)))
            elif what == "end":
                ranges.append(bench.write(offset + BLOCK_SIZE - 1, b"!"))
            else:
                ranges.append(bench.write(offset, what.encode() * 8192))
        name = f"backup-{number}"
        chosen = incremental and base is not None
        base = bench.backup(name, ranges if chosen else None, base if chosen else None)
        copies[name] = bytes(bench.content)
        gone = data.draw(st.sampled_from(["", *copies]), label="deleted")
        if gone and gone != name:
            deleting.delete_backup(bench.folder, gone)
            del copies[gone]
    for name, content in copies.items():
        assert bench.restored(name) == content
    used = {block for name in copies for block in bench.read(name).blocks.values()}
    assert used <= {path.stem for path in bench.blocks()}
    deleting.tidy(bench.folder)
    assert used == {path.stem for path in bench.blocks()}
    assert bench.volume().block_count == len(used)
    assert VolumeFolder(bench.root, "pvc-a").backup_names() == sorted(copies)
