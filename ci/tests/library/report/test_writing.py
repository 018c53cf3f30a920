"""Files are whole or as they were."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pytest_csi_snapshot.report.writing import write_whole


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    write_whole(path, "old\n")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new\n")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_replaces_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, "a long text\n")
    write_whole(path, "short\n")
    assert path.read_text() == "short\n"
