"""The layers of a replica and how they hang together. Nothing here touches a disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .names import HEAD, head_file, layer_file


@dataclass(frozen=True)
class Layer:
    """``parent`` is the name of the layer below, "" at the bottom; ``created`` is RFC 3339, or ""."""

    name: str
    parent: str = ""
    removed: bool = False
    user_created: bool = False
    created: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tree:
    """One replica. ``size`` in bytes; ``head`` is None where the volume was deleted and its snapshots were not.

    ``dirty`` says that the head on disk is older than what was written to the volume.
    """

    size: int
    head: Layer | None
    head_number: int = 0
    layers: dict[str, Layer] = field(default_factory=dict)
    dirty: bool = False
    rebuilding: bool = False
    error: str = ""

    @property
    def tip(self) -> str:
        """The newest snapshot below the head; "" if there is none."""
        return self.head.parent if self.head else ""

    @property
    def count(self) -> int:
        """All layers, the head among them."""
        return len(self.layers) + (self.head is not None)

    def file(self, name: str) -> str:
        """The image of a layer. Raises KeyError."""
        return head_file(self.head_number) if name == HEAD else layer_file(self.layers[name].name)

    def layer(self, name: str) -> Layer | None:
        return self.head if name == HEAD else self.layers.get(name)

    def chain(self, name: str) -> list[str]:
        """The layers that a reader of ``name`` sees, the lowest first; none for "". Raises KeyError."""
        found: list[str] = []
        while name:
            found.append(name)
            if len(found) > self.count:
                raise ValueError(f"layer {name} is above itself")
            name = self.head.parent if name == HEAD and self.head else self.layers[name].parent
        return found[::-1]

    def children(self, name: str) -> list[str]:
        """Sorted, the head last."""
        found = sorted(layer.name for layer in self.layers.values() if layer.parent == name)
        return [*found, HEAD] if self.head and self.head.parent == name else found

    def oldest_first(self) -> list[str]:
        """All snapshots, each after its parent."""
        above: dict[str, list[str]] = {}
        for name in sorted(layer.name for layer in self.layers.values()):
            above.setdefault(self.layers[name].parent, []).append(name)
        found = list(above.get("", ()))
        for name in found:  # which grows meanwhile
            found += above.get(name, ())
        return found

    def with_layer(self, layer: Layer) -> Tree:
        """``layer`` is added, or put in place of the one of that name."""
        return replace(self, layers={**self.layers, layer.name: layer})

    def without(self, name: str) -> Tree:
        return replace(self, layers={key: layer for key, layer in self.layers.items() if key != name})

    def with_head(self, parent: str) -> Tree:
        """A new head above ``parent``."""
        return replace(self, head=Layer(HEAD, parent), head_number=self.head_number + 1)

    def same_as(self, other: Tree) -> bool:
        """Whether both hold the same snapshots in the same places."""
        return (self.size, self.head, self.layers) == (other.size, other.head, other.layers)
