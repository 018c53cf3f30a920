"""One replica: its directory as it was read, and the content of its layers."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .. import durable
from ..quantities import ALIGNMENT
from . import metadata, names
from .images import Image, extents_of, opened, share_into
from .metadata import ReplicaError
from .names import HEAD
from .overlay import Piece, overlay, pieces
from .tree import Layer, Tree

_BESIDES = ("revision.counter",)


class Replica:
    """The directory ``folder``. ``tree`` is what it holds; who changes the files puts another in its place."""

    def __init__(self, folder: Path, tree: Tree) -> None:
        self.folder = folder
        self.tree = tree
        self._extents: dict[str, list[Piece]] = {}
        self._seen: dict[str, list[Piece]] = {}

    @classmethod
    def load(cls, folder: Path) -> Replica:
        """Read ``folder``, whatever an unfinished change left there. Raises ReplicaError if it is not whole."""
        data = metadata.read(folder / names.VOLUME)
        try:
            files = {entry.name for entry in folder.iterdir()}
            tree = _tree(folder, data, files)
        except (OSError, KeyError, ValueError) as error:
            raise ReplicaError(f"{folder}: {error}") from error
        return cls(folder, tree)

    def path(self, name: str) -> Path:
        """The image of a layer. Raises KeyError."""
        return self.folder / self.tree.file(name)

    def meta(self, name: str) -> Path:
        return self.folder / names.meta_file(self.tree.file(name))

    def length(self, name: str) -> int:
        """The size in bytes that the volume had when layer ``name`` was cut. Raises OSError, KeyError."""
        return self.path(name).stat().st_size

    def allocated(self, name: str) -> int:
        """Bytes of blocks that the layer holds itself, shared ones counted. Raises OSError, KeyError."""
        return self.path(name).stat().st_blocks * 512

    def whole(self) -> bool:
        """Whether all its files are still there."""
        wanted = {names.VOLUME}
        for name in [*self.tree.layers, *([HEAD] if self.tree.head else [])]:
            file = self.tree.file(name)
            wanted |= {file, names.meta_file(file)}
        try:
            with os.scandir(self.folder) as found:  # a Path for each of 500 files takes ten times as long
                return wanted.issubset(entry.name for entry in found)
        except OSError:
            return False

    def extents(self, name: str) -> list[Piece]:
        """Where the layer's own data lies, by offset. Raises OSError."""
        if name not in self._extents:
            self._extents[name] = pieces(extents_of(self.path(name)), name)
        return self._extents[name]

    def seen(self, name: str) -> list[Piece]:
        """What a reader of layer ``name`` sees, by offset, and of which layer; nothing for "". Raises OSError."""
        chain = self.tree.chain(name)
        known = next((place for place in range(len(chain), 0, -1) if chain[place - 1] in self._seen), 0)
        below = self._seen[chain[known - 1]] if known else []
        for layer in chain[known:]:
            below = overlay(below, self.extents(layer))
        kept = {key: value for key, value in self._seen.items() if key == self.tree.tip}
        self._seen = {**kept, name: below}
        return below

    def became(self, tree: Tree, changed: str = HEAD) -> None:
        """The directory holds ``tree`` now; layer ``changed``, and what is seen above it, is another."""
        self.tree = tree
        if tree.layer(changed) is None:  # it is called otherwise now, or gone
            self._extents.clear()
            self._seen.clear()
        self._extents.pop(changed, None)
        self._extents = {name: found for name, found in self._extents.items() if tree.layer(name)}
        self._seen = {
            name: found
            for name, found in self._seen.items()
            if tree.layer(name) and changed not in tree.chain(name)
        }

    def knows(self, name: str, image: Image) -> None:
        """Layer ``name`` was made from ``image``: its extents need not be asked for."""
        self._extents[name] = pieces(image.content, name)

    def read_into(self, name: str, fd: int) -> None:
        """The empty file open at ``fd`` gets the data that a reader of ``name`` sees. Raises OSError."""
        content = [piece for piece in self.seen(name) if not piece.zero]
        with contextlib.ExitStack() as files:
            names_seen = {piece.layer for piece in content}
            sources = {layer: files.enter_context(opened(self.path(layer))) for layer in names_seen}
            share_into(fd, content, sources)

    def sweep(self) -> None:
        """Remove the files that the tree does not have: what an unfinished change left. Raises OSError."""
        known = {names.VOLUME, *_BESIDES}
        for name in [*self.tree.layers, *([HEAD] if self.tree.head else [])]:
            file = self.tree.file(name)
            known |= {file, names.meta_file(file), f"{file}.checksum"}
        for entry in sorted(self.folder.iterdir()):
            if entry.name not in known and not entry.is_dir():
                durable.disk.unlink(entry)


def _tree(folder: Path, data: dict[str, object], files: set[str]) -> Tree:
    layers = {}
    for file in sorted(files):
        image = file.removesuffix(".meta")
        name = names.snapshot_of(image)
        if name and file.endswith(".meta"):
            if image not in files:
                raise ReplicaError(f"{folder}: {image} is not there")
            layers[name] = metadata.read_layer(folder / file, name)
    tree = Tree(
        size=_size(data),
        head=None,
        layers=layers,
        dirty=data.get("Dirty") is True,
        rebuilding=data.get("Rebuilding") is True,
        error=str(data.get("Error") or ""),
    )
    for name in layers:
        tree.chain(name)
    return _with_head(folder, tree, data, files)


def _with_head(folder: Path, tree: Tree, data: dict[str, object], files: set[str]) -> Tree:
    file = data.get("Head")
    if file is None:
        heads = [name for name in files if names.head_number(name) is not None]
        file = max(heads, key=lambda name: names.head_number(name) or 0, default=None)
    if file == "":
        return tree
    number = names.head_number(str(file))
    if number is None or file not in files:
        raise ReplicaError(f"{folder}: head {file} is not there")
    parent = names.snapshot_of(str(data.get("Parent") or ""))
    meta = names.meta_file(str(file))
    if meta in files:
        parent = metadata.read_layer(folder / meta, HEAD).parent
    length = (folder / str(file)).stat().st_size
    found = Tree(
        size=tree.size or length,
        head=Layer(HEAD, parent),
        head_number=number,
        layers=tree.layers,
        dirty=tree.dirty,
        rebuilding=tree.rebuilding,
        error=tree.error,
    )
    found.chain(HEAD)
    return found


def _size(data: dict[str, object]) -> int:
    """0 for one that is not told."""
    size = data.get("Size")
    if isinstance(size, str) and size.isdecimal():
        size = int(size)
    return size if isinstance(size, int) and size % ALIGNMENT == 0 else 0
