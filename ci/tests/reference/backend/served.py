"""The backend's application on a socket, for clients that bring their own HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from websockets.sync.client import ClientConnection, connect


class Served:
    """Where it is, and clients of it."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.base, trust_env=False)

    def listen(self, address: str, origin: str | None = None) -> ClientConnection:
        """A websocket; it must be closed."""
        url = self.base.replace("http", "ws") + address
        return connect(url, origin=origin, proxy=None, open_timeout=10)  # type: ignore[arg-type]


def receive(connection: ClientConnection) -> Any:
    """The next message."""
    return json.loads(connection.recv(timeout=10))


@contextlib.contextmanager
def serve(application: Starlette) -> Iterator[Served]:
    """Until the end of the block."""
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        served = Served(listening.getsockname()[1])
        try:
            yield served
        finally:
            served.http.close()
            server.should_exit = True
            thread.join()
