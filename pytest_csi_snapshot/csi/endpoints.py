"""Addresses of CSI plugins: what a user may write, and the channel behind it.

CSI has no encryption and no authentication, so nothing but this machine's own sockets is taken.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc

PATH_LIMIT = 107
"""Bytes that the path of a unix socket may have (sockaddr_un without its last zero)."""

_OPTIONS = (
    ("grpc.default_authority", "localhost"),  # else the escaped path, which some servers refuse
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", 64 << 20),  # a long list of snapshots
)


@dataclass(frozen=True)
class Endpoint:
    """Where a plugin listens: ``path`` of a unix socket, or ``host`` and ``port`` of this machine."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return f"unix://{self.path}" if self.path else f"tcp://{_bracketed(self.host)}:{self.port}"

    def connect(self, seconds: float) -> socket.socket:
        """A plain connection, to learn who listens. Raises OSError."""
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=seconds)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(seconds)
        try:
            made.connect(_short(self.path))
        except BaseException:
            made.close()
            raise
        return made

    def channel(self) -> grpc.Channel:
        """A gRPC channel that connects at the first call, and again after the plugin was restarted."""
        import grpc

        if self.path:
            return grpc.insecure_channel(f"unix:{_short(self.path)}", options=_OPTIONS)
        kind = "ipv6" if ":" in self.host else "ipv4"
        return grpc.insecure_channel(f"{kind}:{_bracketed(self.host)}:{self.port}", options=_OPTIONS)


def parse_endpoint(text: str) -> Endpoint:
    """Read ``unix:///path``, a bare path, ``tcp://host:port`` or ``host:port``. Raises ValueError, one line."""
    for scheme in ("unix://", "unix:"):
        if text.startswith(scheme):
            return _unix(text.removeprefix(scheme), text)
    if text.startswith(("/", "./", "../", "~")):
        return _unix(text, text)
    for scheme in ("tcp://", "dns:///", "ipv4:", "ipv6:"):
        if text.startswith(scheme):
            return _tcp(text.removeprefix(scheme), text)
    if "://" in text:
        raise ValueError(f"{text!r} has an unknown scheme: write unix:///path/csi.sock or tcp://127.0.0.1:PORT")
    return _tcp(text, text)


def check_there(endpoint: Endpoint) -> None:
    """Raises ValueError, one line, where a unix endpoint is no socket that can be opened."""
    if not endpoint.path:
        return
    try:
        mode = Path(endpoint.path).stat().st_mode
    except FileNotFoundError:
        raise ValueError(f"no socket {endpoint.path}") from None
    except OSError as error:
        raise ValueError(f"{endpoint.path} cannot be looked at: {error.strerror}") from None
    if not stat.S_ISSOCK(mode):
        raise ValueError(f"{endpoint.path} is not a socket")


def _unix(path: str, text: str) -> Endpoint:
    if not path:
        raise ValueError(f"{text!r} names no path")
    return Endpoint(path=str(Path(path).expanduser().absolute()))


def _tcp(address: str, text: str) -> Endpoint:
    host, colon, port = address.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise ValueError(f"{text!r} is neither unix:///path/csi.sock nor tcp://127.0.0.1:PORT")
    if host == "localhost":
        host = "127.0.0.1"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(f"{host} is not a loopback address: CSI is not encrypted and stays on its machine")
    return Endpoint(host=host, port=int(port))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


_directories: dict[str, int] = {}


def _short(path: str) -> str:
    """The same socket by a path that fits, through an open directory; it stays open while the process lives."""
    if len(os.fsencode(path)) <= PATH_LIMIT:
        return path
    folder, name = os.path.split(path)
    if folder not in _directories:
        _directories[folder] = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    return f"/proc/self/fd/{_directories[folder]}/{name}"
