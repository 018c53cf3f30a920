"""A folder as ConfigMaps, and back: packed, and cut into pieces that an API server takes.

Pure: from a folder to bodies of objects, and from those to a folder.
"""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.labels import DOMAIN

Json = dict[str, Any]

JOB = f"{DOMAIN}/job"
SHARD = f"{DOMAIN}/shard"
"""Labels of a piece: whose it is. The shard is counted from 1."""
PIECES = f"{DOMAIN}/pieces"
ATTEMPT = f"{DOMAIN}/attempt"
"""Annotations of a piece: how many there are, and of which pod."""

PIECE = 600 * 1024
"""Bytes of one piece; a ConfigMap holds a megabyte of its base64."""

_KEY = "report.tar.gz"


class IncompleteError(ValueError):
    """Pieces are missing, or are of two attempts; ``str()`` says which."""


def pack(folder: Path) -> bytes:
    """A folder as a compressed archive. Raises OSError."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, arcname=str(path.relative_to(folder)), recursive=False)
    return packed.getvalue()


def bodies(job: str, namespace: str, shard: int, attempt: str, packed: bytes) -> list[Json]:
    """The ConfigMaps of a shard's report; the first one comes last: where it is, the others are."""
    pieces = [packed[start : start + PIECE] for start in range(0, max(len(packed), 1), PIECE)]
    made = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"{job}-shard-{shard}-{number}",
                "namespace": namespace,
                "labels": {JOB: job, SHARD: str(shard)},
                "annotations": {PIECES: str(len(pieces)), ATTEMPT: attempt},
            },
            "binaryData": {_KEY: base64.b64encode(piece).decode()},
        }
        for number, piece in enumerate(pieces)
    ]
    return made[::-1]


def joined(shard: int, found: Iterable[Json]) -> bytes:
    """The archive of a shard from its ConfigMaps, in any order. Raises IncompleteError."""
    by_name = {body["metadata"]["name"]: body for body in found}
    first = next((body for name, body in by_name.items() if name.endswith(f"-shard-{shard}-0")), None)
    if first is None:
        raise IncompleteError(f"shard {shard} has left no report")
    notes, stem = first["metadata"]["annotations"], first["metadata"]["name"].removesuffix("0")
    parts = []
    for number in range(int(notes[PIECES])):
        body = by_name.get(f"{stem}{number}")
        if body is None or body["metadata"]["annotations"][ATTEMPT] != notes[ATTEMPT]:
            raise IncompleteError(f"piece {number} of the report of shard {shard} is missing")
        parts.append(base64.b64decode(body["binaryData"][_KEY]))
    return b"".join(parts)


def unpack(packed: bytes, folder: Path) -> None:
    """Write the files of an archive into a folder; nothing else of it. Raises OSError, tarfile.TarError.

    By hand, for the filters of ``tarfile`` are not in every Python 3.11 (Debian 12 has 3.11.2).
    """
    home = folder.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        for member in filter(tarfile.TarInfo.isreg, archive):
            path, content = (home / member.name).resolve(), archive.extractfile(member)
            if not path.is_relative_to(home):
                raise tarfile.TarError(f"{member.name} leads out of the archive")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read() if content else b"")
