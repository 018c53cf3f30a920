"""The ledger of a run on disk: what is to be made is written here before the API server is asked to make it.

One file for each process of a run, one JSON object a line. A run that ends as it should removes them; what is left
tells a sweep of runs whose traces in the cluster nobody would look for. Kept on this machine, so a sweep from
elsewhere goes by labels alone. Knows no API server.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.labels import DOMAIN


class LedgerFile:
    """Where one process of a run writes; opened at the first line."""

    def __init__(self, run: str, worker: str) -> None:
        self._path = _folder() / run / f"{worker}.jsonl"
        self._handle: int | None = None

    def note(self, verb: str, kind: Kind, namespace: str, name: str) -> None:
        """Write one line. Raises OSError: what cannot be noted is not to be made."""
        line = {"at": _now(), "verb": verb, "apiVersion": kind.api_version, "kind": kind.kind,
                "namespace": namespace, "name": name}  # fmt: skip
        if self._handle is None:
            self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # One write, no buffer: a killed process has written all of it. A machine that loses power need not.
        os.write(self._handle, json.dumps(line).encode() + b"\n")


@dataclass(frozen=True)
class Entry:
    """One line of a ledger: what was about to be done, to which object."""

    verb: str
    kind: str
    namespace: str
    name: str


def begin(run: str, host: str) -> None:
    """Say on disk that a run begins at the API server ``host``."""
    folder = _folder() / run
    folder.mkdir(parents=True, exist_ok=True)
    about = {"begun": _now(), "host": host, "pid": os.getpid()}
    (folder / "run.json").write_text(json.dumps(about))


def joined(run: str, worker: str) -> LedgerFile | None:
    """The file of one process; None where the run keeps no ledger, because its cluster ends with it."""
    return LedgerFile(run, worker) if (_folder() / run).is_dir() else None


def end(run: str) -> None:
    """Remove the ledgers of a run that has left nothing."""
    with contextlib.suppress(FileNotFoundError):  # nothing was made, or it was removed by hand
        shutil.rmtree(_folder() / run)


def runs_at(host: str) -> list[str]:
    """The runs that have begun at an API server and have not ended as they should."""
    found = sorted(_folder().glob("*/run.json"))
    return [path.parent.name for path in found if _about(path).get("host") == host]


def entries(run: str) -> Iterator[Entry]:
    """What a run has noted, file by file in order of writing; a last line that was cut off is left out."""
    for path in sorted((_folder() / run).glob("*.jsonl")):
        for line in path.read_text().splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            yield Entry(found["verb"], found["kind"], found["namespace"], found["name"])


def _about(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except ValueError:  # killed while it was written: nothing had been made yet
        return {}
    return found if isinstance(found, dict) else {}


def _folder() -> Path:
    """In the user's state; where that cannot be written (a container without a home), among temporary files."""
    usual = platformdirs.user_state_path(DOMAIN)
    with contextlib.suppress(OSError):
        usual.mkdir(parents=True, exist_ok=True)
    if os.access(usual, os.W_OK):
        return usual / "ledgers"
    return Path(tempfile.gettempdir()) / f"{DOMAIN}-{os.getuid()}" / "ledgers"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
