"""A page of metrics for Prometheus, on the address that ``--http-endpoint`` names."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .process import StartError


def endpoint(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an empty host means every address."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"not HOST:PORT: {text!r}")
    return host, int(port)


def serve(address: tuple[str, int], path: str, text: Callable[[], str]) -> ThreadingHTTPServer:
    """Serve ``text()`` at ``path`` in daemon threads. Raises StartError where the address cannot be had."""

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

    try:
        server = ThreadingHTTPServer(address, Page)
    except OSError as error:
        raise StartError(f"--http-endpoint {address[0]}:{address[1]}: {error.strerror or error}") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
