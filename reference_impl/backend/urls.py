"""Where things are: the address a client used is the one its links begin with, also behind a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

VERSION = "v1"
_PORTS = {"http": "80", "https": "443"}
_OF_SOCKETS = {"ws": "http", "wss": "https"}


@dataclass(frozen=True)
class Urls:
    """The addresses below ``base``, e.g. http://longhorn-backend:9500."""

    base: str

    @property
    def root(self) -> str:
        return f"{self.base}/{VERSION}"

    @property
    def schemas(self) -> str:
        return self.collection("schema")

    def collection(self, kind: str) -> str:
        return f"{self.root}/{plural(kind).lower()}"

    def resource(self, kind: str, name: str) -> str:
        return f"{self.collection(kind)}/{quote(name, safe='')}"


def plural(kind: str) -> str:
    """The name of a collection of ``kind``."""
    return kind + ("es" if kind.endswith(("s", "ch", "x")) else "s")


def of_request(scheme: str, headers: Mapping[str, str]) -> Urls:
    """What a proxy says about the request beats what arrived; X-API-request-url beats all."""
    given = urlsplit(headers.get("x-api-request-url", ""))
    if given.scheme and given.netloc:
        return Urls(f"{given.scheme}://{given.netloc}")
    scheme = _first(headers, "x-forwarded-proto") or scheme
    scheme = _OF_SOCKETS.get(scheme, scheme)
    host = _first(headers, "x-forwarded-host") or headers.get("host", "")
    port = _first(headers, "x-forwarded-port")
    if port and port != _PORTS.get(scheme) and ":" not in host.rpartition("]")[2]:
        host = f"{host}:{port}"
    return Urls(f"{scheme}://{host}")


def _first(headers: Mapping[str, str], name: str) -> str:
    """Of several proxies the one next to the client wrote first."""
    return headers.get(name, "").partition(",")[0].strip()
