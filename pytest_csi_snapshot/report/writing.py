"""The folder of a report: made ready before a run, and its files written so that a whole one is always there."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.report.document import EVIDENCE, PAGE, REPORT
from pytest_csi_snapshot.report.model import FORMAT


def prepare(folder: Path, option: str = "--csi-report") -> None:
    """Make the folder ready for a new report: what an earlier run wrote there is removed, nothing else.

    ``option`` is what has named it. Raises UsageTrouble, one line, where it cannot be written to, or where files
    of others would be overwritten.
    """
    ours = holds_report(folder)
    for name in (REPORT, PAGE) if not ours else ():
        if (folder / name).exists():
            raise UsageTrouble(
                f"{option}: {folder / name} is not a report of this program",
                why="it would be overwritten",
                do="name another folder",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if ours:
            for old in (*(folder / EVIDENCE).glob("*.json"), folder / PAGE, *folder.glob(f".{REPORT}-*")):
                old.unlink(missing_ok=True)
    except OSError as error:
        raise UsageTrouble(
            f"{option}: {folder} cannot be written to",
            why=str(error.strerror or error),
            do="name another folder",
        ) from error


def holds_report(folder: Path) -> bool:
    """Whether there is a report of ours in the folder, of any version."""
    try:
        data = json.loads((folder / REPORT).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("format") == FORMAT


def write_whole(path: Path, text: str) -> None:
    """Put a text in the place of a file: all of it or, where that fails, nothing. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123  a descriptor, not a path
            file.write(text.encode(errors="backslashreplace"))  # half a surrogate is no text
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is what is told
            Path(name).unlink()
        raise
