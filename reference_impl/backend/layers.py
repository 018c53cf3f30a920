"""New layers: what they are called, and how many a volume may have."""

from __future__ import annotations

import time
import uuid

from .errors import BackendError
from .replica.tree import Layer, Tree
from .store import Store
from .times import timestamp

MOST = 250
"""Layers of a volume at most, the head, removed and system snapshots counted."""

GROUP_LABEL = "snapshot-group"
"""Label of a layer, for this backend alone: the group its snapshot was made with."""


def user(name: str, created: float, labels: dict[str, str], group: str = "") -> Layer:
    """A snapshot somebody asked for; ``created`` in seconds since the epoch."""
    noted = {**labels, GROUP_LABEL: group} if group else labels
    return Layer(name, user_created=True, created=timestamp(created), labels=noted)


def shown_labels(layer: Layer) -> dict[str, str]:
    """Those its maker gave it."""
    return {key: value for key, value in layer.labels.items() if key != GROUP_LABEL}


def system() -> Layer:
    """A snapshot nobody asked for."""
    return Layer(str(uuid.uuid4()), created=timestamp(time.time()))


def expansion(tree: Tree, size: int) -> Layer:
    """The snapshot below the head of an expanded volume."""
    name = f"expand-{size}"
    if name in tree.layers:  # somebody called a snapshot so
        name = f"{name}-{uuid.uuid4().hex[:8]}"
    return Layer(name, created=timestamp(time.time()), labels={"replica-expansion": str(size)})


def check_count(store: Store, volume: str, *, purge: bool) -> None:
    """Room for another layer, made if need be and ``purge`` is allowed. Raises BackendError ResourceExhausted."""
    if store.tree.count < MOST:
        return
    if purge:
        store.purge()
    if store.tree.count >= MOST:
        raise BackendError(
            "ResourceExhausted",
            f"volume {volume}: snapshot count total is already too big: {store.tree.count} of at most {MOST}",
        )


def check_usage(store: Store, volume: str, most: int, most_bytes: int) -> None:
    """Snapshots that users see, and what all layers take. Raises BackendError ResourceExhausted."""
    usage = sum(layer.user_created and not layer.removed for layer in store.tree.layers.values())
    if usage >= most:
        raise BackendError(
            "ResourceExhausted",
            f"volume {volume}: snapshot count usage {usage} is equal or larger than snapshotMaxCount {most}",
        )
    size = sum(store.usage().values()) if most_bytes else 0
    if most_bytes and size >= most_bytes:
        raise BackendError(
            "ResourceExhausted",
            f"volume {volume}: snapshot size usage {size} is equal or larger than snapshotMaxSize {most_bytes}",
        )
