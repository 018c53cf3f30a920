"""Which layers of removed snapshots can go, and how."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ...linux import extents
from ..ranges import Range
from .directory import Replica
from .images import Image, opened, share
from .names import HEAD
from .overlay import overlay, runs
from .tree import Tree


@dataclass(frozen=True)
class Step:
    """One layer to be dealt with: ``child`` is what it is folded into, "" where it is just dropped."""

    layer: str
    child: str = ""


def next_step(tree: Tree) -> Step | None:
    """The lowest removed layer that can go; None when there is none.

    A layer nobody reads is dropped; one with a single child that is not the head is folded into it. Others stay.
    """
    for name in tree.oldest_first():
        if tree.layers[name].removed:
            children = tree.children(name)
            if not children:
                return Step(name)
            if len(children) == 1 and children[0] != HEAD:
                return Step(name, children[0])
    return None


def behind_head(tree: Tree) -> str:
    """The removed snapshot that only the head reads; "" if there is none. It can be pruned."""
    name = tree.tip
    if name and tree.layers[name].removed and tree.children(name) == [HEAD]:
        return name
    return ""


def merged(replica: Replica, step: Step, image: Path) -> Image:
    """What ``step`` makes of its two layers, made at ``image``. Raises OSError."""
    content = overlay(replica.extents(step.layer), replica.extents(step.child))
    if not replica.tree.layers[step.layer].parent:
        content = [piece for piece in content if not piece.zero]  # there is nothing below to hide
    length = max(replica.length(step.layer), replica.length(step.child))
    with opened(replica.path(step.layer)) as lower, opened(replica.path(step.child)) as upper:
        share(image, length, content, {step.layer: lower, step.child: upper})
    return Image(image, length, list(content))


def prune(replica: Replica, name: str, hidden: list[Range]) -> None:
    """Give up what layer ``name`` has in ``hidden``, where its only reader has data of its own. Raises OSError."""
    fd = os.open(replica.path(name), os.O_RDWR | os.O_CLOEXEC)
    try:
        for piece in runs(replica.extents(name)):
            for item in hidden:
                start, end = max(piece.start, item.start), min(piece.end, item.end)
                if start < end:
                    extents.punch(fd, start, end - start)
    finally:
        os.close(fd)
    replica.became(replica.tree, name)
