"""The ``.meta`` files: one line of JSON each. Keys may be missing when read, and unknown ones are let be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import names
from .tree import Layer, Tree

SECTOR = 512
"""Bytes; what Longhorn writes there, whatever the size of its reads."""


class ReplicaError(Exception):
    """A directory that is no whole replica."""


def volume(tree: Tree) -> bytes:
    """The content of ``volume.meta``."""
    head = names.head_file(tree.head_number) if tree.head else ""
    return _line(
        {
            "Size": tree.size,
            "Head": head,
            "Dirty": tree.dirty,
            "Rebuilding": tree.rebuilding,
            "Error": tree.error,
            "Parent": names.layer_file(tree.tip) if tree.tip else "",
            "SectorSize": SECTOR,
            "BackingFilePath": "",
            "Encrypted": False,
        }
    )


def layer(item: Layer, file: str) -> bytes:
    """The content of the ``.meta`` of ``file``."""
    return _line(
        {
            "Name": file,
            "Parent": names.layer_file(item.parent) if item.parent else "",
            "Removed": item.removed,
            "UserCreated": item.user_created,
            "Created": item.created,
            "Labels": item.labels or None,
        }
    )


def read_layer(path: Path, name: str) -> Layer:
    """Of the layer ``name``, from its ``.meta``. Raises ReplicaError."""
    data = read(path)
    labels = data.get("Labels")
    return Layer(
        name=name,
        parent=names.snapshot_of(str(data.get("Parent") or "")),
        removed=data.get("Removed") is True,
        user_created=data.get("UserCreated") is True,
        created=str(data.get("Created") or ""),
        labels={str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
    )


def read(path: Path) -> dict[str, Any]:
    """Raises ReplicaError for a file that is not there or not JSON."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ReplicaError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise ReplicaError(f"{path}: not a JSON object")
    return data


def _line(data: dict[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"
