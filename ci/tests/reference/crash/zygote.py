"""A process that has imported the backend once and forks one for each start, which then costs milliseconds.

    python -m reference.crash.zygote FD

FD is one end of a SOCK_SEQPACKET pair. Asked to start, it gets the arguments of the role, and with them an fd
on which the new backend says its port when it serves; that fd closes with the backend. A dead backend stays a
zombie until it is asked for, so that nobody can meet another process by its pid.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import anyio._backends._asyncio  # noqa: F401  imported by name at the first request otherwise
import uvicorn

from pytest_csi_snapshot.reference_impl.backend import main as backend

_PR_SET_PDEATHSIG = 1

Request = dict[str, Any]


def main(fd: int) -> int:
    """Serve until the other end closes."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who starts it ends it, also after Ctrl-C
    _import_late()
    gc.freeze()
    with socket.socket(fileno=fd) as control:
        while True:
            message, fds, _, _ = socket.recv_fds(control, 1 << 16, 1)
            if not message:
                return 0
            request = json.loads(message)
            answer = _start(request, fds[0], control) if "argv" in request else _end(request)
            control.send(json.dumps(answer).encode())


def _start(request: Request, ready: int, control: socket.socket) -> Request:
    pid = os.fork()
    if pid == 0:
        control.close()
        _become_backend(request, ready)
    os.close(ready)
    return {"pid": pid}


def _end(request: Request) -> Request:
    _, status = os.waitpid(request["pid"], 0)
    return {"code": os.waitstatus_to_exitcode(status)}


def _become_backend(request: Request, ready: int) -> None:
    _end_with_parent()
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        _announce(ready)
        if request["prepare"]:
            function: Callable[..., None] = _named(request["prepare"])
            function(**request["with"])
        code = backend.main(request["argv"])
    except BaseException:  # nothing of the zygote may run on in its child
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _announce(ready: int) -> None:
    """Let the server say its port as soon as it listens."""
    clean = uvicorn.Server.startup

    async def startup(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        await clean(self, sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        os.write(ready, f"{port}\n".encode())

    uvicorn.Server.startup = startup  # type: ignore[method-assign]


def _named(name: str) -> Callable[..., None]:
    module, _, function = name.partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(module), function)
    return found


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _import_late() -> None:
    """What the server imports by name when it starts."""
    config = uvicorn.Config(_nothing)
    config.load()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(asyncio.sleep(0))


async def _nothing(*_: object) -> None:
    """An application."""


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
