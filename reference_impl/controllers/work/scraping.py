"""A page of metrics for Prometheus, on the address that ``--http-endpoint`` names."""

from __future__ import annotations

import argparse
import errno
import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .process import StartError

_AGAIN_S = 0.5

log = logging.getLogger(__name__)


def endpoint(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an empty host means every address."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"not HOST:PORT: {text!r}")
    return host, int(port)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def serve_once_free(self) -> None:
        """Take the address as soon as nobody else has it, then serve."""
        while True:
            try:
                self.server_bind()
                break
            except OSError:
                time.sleep(_AGAIN_S)  # the kernel does not tell when an address becomes free
        self.server_activate()
        self.serve_forever()


def serve(address: tuple[str, int], path: str, text: Callable[[], str]) -> ThreadingHTTPServer:
    """Serve ``text()`` at ``path`` in daemon threads. Raises StartError where the address cannot be had.

    One that is in use is waited for: where instances share an address, as on the host's network, the next one
    starts while the last one still ends.
    """

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != path:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            body = text().encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """A scrape each few seconds is no news."""

    server = _Server(address, Page, bind_and_activate=False)
    serving: Callable[[], None] = server.serve_forever
    try:
        server.server_bind()
        server.server_activate()
    except OSError as error:
        where = f"--http-endpoint {address[0]}:{address[1]}"
        if error.errno != errno.EADDRINUSE:
            server.server_close()
            raise StartError(f"{where}: {error.strerror or error}") from error
        log.warning("%s is in use: metrics are served once it is free", where)
        serving = server.serve_once_free
    threading.Thread(target=serving, name="metrics", daemon=True).start()
    return server
