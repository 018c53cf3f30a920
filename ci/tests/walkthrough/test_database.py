"""The story's database: what a copy of it holds that was taken in the middle of a transaction."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.suites.walkthrough.conftest import FILES

SCRIPT = str(FILES / "database.py")


def read(folder: Path) -> Any:
    done = subprocess.run(
        [sys.executable, SCRIPT, "read", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def copied(tmp_path: Path) -> tuple[Path, Any]:
    """A copy of the files while a transaction is open, and what was committed before it."""
    (tmp_path / "live").mkdir()
    command = [sys.executable, SCRIPT, "write", str(tmp_path / "live"), str(tmp_path / "ready")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        committed = json.loads(process.stdout.readline())
        assert process.stdout.readline() == "a transaction is open\n"
        shutil.copytree(tmp_path / "live", tmp_path / "copy")
        process.terminate()
    return tmp_path / "copy", committed


def test_committed_rows_are_there_and_no_others(copied: tuple[Path, Any]) -> None:
    folder, committed = copied
    assert committed["rows"] == 2000
    log = (folder / "shop.db-wal").stat().st_size
    assert log > 2 * committed["rows"] * 256, "rows that are not committed are in the log too"
    assert read(folder) == committed


def test_a_copy_without_its_log_is_told_from_a_whole_one(copied: tuple[Path, Any]) -> None:
    folder, committed = copied
    (folder / "shop.db-wal").unlink()
    assert read(folder) != committed


def test_an_empty_volume_is_told(tmp_path: Path) -> None:
    assert read(tmp_path) == {"error": "no such table: orders"}


def test_damage_is_seen(copied: tuple[Path, Any]) -> None:
    folder, committed = copied
    with (folder / "shop.db-wal").open("r+b") as log:
        log.seek(64 << 10)
        log.write(bytes(4096))
    assert read(folder) != committed
