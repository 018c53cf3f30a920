"""The URLs of backup targets. One scheme works: ``vfs``, a folder of this machine."""

from __future__ import annotations

import os.path
from pathlib import Path
from urllib.parse import unquote, urlsplit

_ELSEWHERE = ("s3", "nfs", "cifs", "azblob")
_WORKS = "use a folder: vfs:///ABSOLUTE/PATH, which may be one where another filesystem is mounted"


def why_not_target(url: str) -> str:
    """What a good URL is; "" for one that is, and for no target at all."""
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme in _ELSEWHERE:
        return f"without the scheme {parts.scheme}, which this backend cannot store backups by; {_WORKS}"
    path = unquote(parts.path)
    plain = not (parts.netloc or parts.query or parts.fragment) and "\0" not in path
    if parts.scheme != "vfs" or not plain or not path.startswith("/") or os.path.normpath(path) == "/":
        return f"a folder of its own; {_WORKS}"
    return ""


def folder(url: str) -> Path:
    """Of a good URL that is not ""."""
    return Path(os.path.normpath(unquote(urlsplit(url).path)))


def url_of(path: Path) -> str:
    """The URL of a folder."""
    return path.absolute().as_uri().replace("file", "vfs", 1)


def same(one: str, other: str) -> bool:
    """Whether two good URLs are one target."""
    return bool(one and other) and folder(one) == folder(other)
