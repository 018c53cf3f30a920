"""A backend over one data directory, started and killed as often as a test likes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TESTS = Path(__file__).resolve().parents[2]
"""Where the self-tests' packages begin: for processes that import from them."""


@dataclass(frozen=True)
class Preparation:
    """A function ``MODULE:NAME`` that the backend's process calls before it begins."""

    function: str
    arguments: dict[str, Any] = field(default_factory=dict)


NOTHING = Preparation("")
PATIENCE = 60
"""Seconds a backend may take to end."""


class Zygote:
    """The process that forks backends, see ``zygote``; they all end with it."""

    def __init__(self, folder: Path) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, (folder / "zygote.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.zygote", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdout=log,
                stderr=log,
                cwd=TESTS,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.close()
        self._process.wait()

    def ask(self, request: dict[str, Any], *fds: int) -> dict[str, Any]:
        socket.send_fds(self._ours, [json.dumps(request).encode()], fds)
        answer: dict[str, Any] = json.loads(self._ours.recv(1 << 16))
        return answer


class Backend:
    """The role ``backend`` over ``data``; at most one incarnation of it lives."""

    def __init__(self, zygote: Zygote, data: Path, log: Path) -> None:
        self._zygote = zygote
        self._data = data
        self._log = log
        self._pid = 0
        self._lifeline = -1
        self.url = ""

    def start(self, prepare: Preparation = NOTHING) -> bool:
        """Returns True when it serves, False when it died before it did."""
        self.spawn(prepare)
        return self.serves()

    def spawn(self, prepare: Preparation = NOTHING) -> None:
        """Start it and do not wait."""
        assert not self._pid, "it runs"
        request = {
            "argv": ["--listen", "127.0.0.1:0", "--data", str(self._data)],
            "log": str(self._log),
            "prepare": prepare.function,
            "with": prepare.arguments,
        }
        self._lifeline, theirs = os.pipe()
        try:
            self._pid = self._zygote.ask(request, theirs)["pid"]
        finally:
            os.close(theirs)

    def serves(self) -> bool:
        """Wait until it does (True) or is dead."""
        port = os.read(self._lifeline, 16)
        if not port:
            self.buried()
            return False
        self.url = f"http://127.0.0.1:{int(port)}/v1/"
        return True

    def lives(self, seconds: float) -> bool:
        """For so long, or until it serves or dies. Returns False for the latter two."""
        return not select.select([self._lifeline], [], [], seconds)[0]

    def kill(self) -> None:
        """kill -9, and wait for the end."""
        os.kill(self._pid, signal.SIGKILL)
        self.buried()

    def buried(self) -> int:
        """Wait for its end; returns the exit code, or -9 if it was killed."""
        assert not self.lives(PATIENCE), f"it was lost and lives: {self.said()}"
        pid, self._pid = self._pid, 0
        os.close(self._lifeline)
        code = int(self._zygote.ask({"pid": pid})["code"])
        assert code in (0, -signal.SIGKILL), f"the backend ended with {code}: {self.said()}"
        return code

    def dead(self) -> bool:
        """Its end was seen."""
        return not self._pid

    def end(self) -> None:
        """Kill it if it lives."""
        if self._pid:
            self.kill()

    def said(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self._log.read_text().splitlines()[-20:])
        return ""
