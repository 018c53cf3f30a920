"""Changes of a replica: each is put into a batch, and gives the tree that is there when the batch was applied.

In each the file ``volume.meta`` comes before what is dropped and after what is added, so that a directory is whole
after any first few steps of a change.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ..durable import Batch
from . import metadata, names
from .directory import Replica
from .images import Image
from .names import HEAD
from .tree import Layer, Tree


def create(folder: Path, batch: Batch, size: int, below: tuple[Layer, Image] | None = None) -> Tree:
    """A new replica, empty or with one snapshot, in the empty directory ``folder``."""
    tree = Tree(size, Layer(HEAD, below[0].name if below else ""))
    if below:
        layer, image = below
        tree = tree.with_layer(layer)
        image.fill(batch.file(folder / tree.file(layer.name)))
        _layer_meta(folder, tree, layer.name, batch)
    _head(folder, tree, None, batch)
    batch.content(folder / names.VOLUME, metadata.volume(tree))
    return tree


def snapshot(replica: Replica, batch: Batch, layer: Layer, image: Image | None, size: int = 0) -> Tree:
    """A new snapshot below a new head, which is ``size`` bytes long if that is more than before.

    Its content is ``image``, what the head is to hold; without one, what it holds already.
    """
    old = replica.tree
    tree = old.with_layer(replace(layer, parent=old.tip)).with_head(layer.name)
    tree = replace(tree, size=max(size, old.size))
    path = replica.folder / tree.file(layer.name)
    if image is None:
        batch.link(replica.path(HEAD), path)
    else:
        image.fill(batch.file(path))
    _layer_meta(replica.folder, tree, layer.name, batch)
    _new_head(replica, tree, None, batch)
    return tree


def head(replica: Replica, batch: Batch, image: Image | None, *, parent: str | None = None, dirty: bool) -> Tree:
    """A new head in place of the old one, empty without ``image``; above ``parent`` if that is given."""
    old = replica.tree
    tree = replace(old.with_head(old.tip if parent is None else parent), dirty=dirty)
    _new_head(replica, tree, image, batch)
    return tree


def flags(replica: Replica, batch: Batch, *, dirty: bool) -> Tree:
    """Only what ``volume.meta`` says."""
    tree = replace(replica.tree, dirty=dirty)
    batch.content(replica.folder / names.VOLUME, metadata.volume(tree))
    return tree


def mark(replica: Replica, batch: Batch, snapshots: list[str]) -> Tree:
    """They are removed for whoever looks for snapshots; their layers stay."""
    tree = replica.tree
    for name in snapshots:
        tree = tree.with_layer(replace(tree.layers[name], removed=True))
        _layer_meta(replica.folder, tree, name, batch)
    return tree


def rename(replica: Replica, batch: Batch, name: str, new: str) -> Tree:
    """Another name for a layer. What unfinished renaming leaves is a second name, without children in the end."""
    old = replica.tree
    tree = old.with_layer(replace(old.layers[name], name=new))
    batch.link(replica.path(name), replica.folder / tree.file(new))
    _layer_meta(replica.folder, tree, new, batch)
    for child in old.children(name):
        if child == HEAD:
            tree = replace(tree, head=Layer(HEAD, new))
        else:
            tree = tree.with_layer(replace(tree.layers[child], parent=new))
        _layer_meta(replica.folder, tree, child, batch)
    batch.content(replica.folder / names.VOLUME, metadata.volume(tree))
    return drop(replica, batch, tree, name)


def behead(replica: Replica, batch: Batch) -> Tree:
    """The snapshots stay, the live data goes."""
    old = replica.tree
    tree = replace(old, head=None, dirty=False)
    batch.content(replica.folder / names.VOLUME, metadata.volume(tree))
    _drop_head(replica, batch)
    return tree


def fold(replica: Replica, batch: Batch, name: str, child: str, merged: Image) -> Tree:
    """``child`` gets what it has together with its parent ``name``, which goes."""
    tree = replica.tree
    merged.fill(batch.file(replica.path(child)))
    tree = tree.with_layer(replace(tree.layers[child], parent=tree.layers[name].parent))
    _layer_meta(replica.folder, tree, child, batch)
    return drop(replica, batch, tree, name)


def drop(replica: Replica, batch: Batch, tree: Tree, name: str) -> Tree:
    """A layer that nobody reads. An image without ``.meta`` is a leftover; the other way round it is damage."""
    batch.unlink(replica.meta(name))
    batch.unlink(replica.path(name))
    return tree.without(name)


def _new_head(replica: Replica, tree: Tree, image: Image | None, batch: Batch) -> None:
    _head(replica.folder, tree, image, batch)
    batch.content(replica.folder / names.VOLUME, metadata.volume(tree))
    _drop_head(replica, batch)


def _head(folder: Path, tree: Tree, image: Image | None, batch: Batch) -> None:
    fd = batch.file(folder / tree.file(HEAD))
    if image is None:
        os.ftruncate(fd, tree.size)
    else:
        image.fill(fd)
    _layer_meta(folder, tree, HEAD, batch)


def _drop_head(replica: Replica, batch: Batch) -> None:
    if replica.tree.head is not None:
        batch.unlink(replica.meta(HEAD))
        batch.unlink(replica.path(HEAD))


def _layer_meta(folder: Path, tree: Tree, name: str, batch: Batch) -> None:
    item = tree.layer(name)
    assert item is not None, name
    file = tree.file(name)
    batch.content(folder / names.meta_file(file), metadata.layer(item, file))


def duplicate(source: Replica, folder: Path, batch: Batch, *, head_too: bool) -> Tree:
    """Another replica in the empty directory ``folder``; with an empty head unless ``head_too``."""
    old = source.tree
    tree = replace(old, head_number=0)
    for name in old.layers:
        _copy(source, name).fill(batch.file(folder / tree.file(name)))
        _layer_meta(folder, tree, name, batch)
    if tree.head is not None:
        _head(folder, tree, _copy(source, HEAD) if head_too else None, batch)
    batch.content(folder / names.VOLUME, metadata.volume(tree))
    return tree


def _copy(source: Replica, name: str) -> Image:
    return Image(source.path(name), source.length(name), list(source.extents(name)))
