"""Faults of growing a volume in the backend: what was there before is not the same after it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..backend.replica.names import HEAD
from ..linux import extents
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..backend.api import Api
    from ..backend.engine import Engine
    from ..backend.records import Volume
    from ..backend.store import Store

Request = csi_pb2.ControllerExpandVolumeRequest


class ExpandLosesData(Fault):
    """A volume that was grown has lost what was written to it last."""

    name = "expansion-loses-data"
    component = "backend"
    breaks = ("EXP-019",)
    kind = "expansion"

    def apply(self, target: Api) -> None:
        """The new head of a volume is laid over half of the old one's data."""
        engine: Engine = inner(target, "_engine")

        def losing(clean: Clean, name: str, size: int) -> Volume:
            before = engine.volumes.get(name)
            grown: Volume = clean(name, size)
            if before is not None and grown.size > before.size:
                store: Store = engine.stores[grown.chain]
                if not store.is_live:
                    for replica in store.replicas.each():
                        _lose(replica.path(HEAD), store)
                elif grown.mode == "Block":  # a mounted filesystem would be damaged, not only its data
                    _lose(store.live, store)
            return grown

        wrap(inner(target, "_volumes"), "expand", losing)


def _lose(path: Path, store: Store) -> None:
    """Zeros over the second half of what the volume holds."""
    data = [piece for piece in store.replicas.first.seen(HEAD) if not piece.zero]
    with path.open("r+b") as file:
        for piece in data[len(data) // 2 :]:
            extents.reserve(file.fileno(), piece.start, piece.length)
            for start in range(piece.start, piece.end, 1 << 20):
                os.pwrite(file.fileno(), bytes(min(1 << 20, piece.end - start)), start)
    for replica in store.replicas.each():
        replica.became(replica.tree, HEAD)


class OldSnapshotsGrow(Fault):
    """After its volume was grown an older snapshot can no longer be restored at its own size."""

    name = "expansion-changes-older-snapshots"
    component = "backend"
    breaks = ("EXP-022",)
    kind = "expansion"

    def apply(self, target: Api) -> None:
        """The size of a snapshot is that of its volume now."""
        calls = inner(target, "_snapshots")
        engine: Engine = inner(target, "_engine")

        def grown(clean: Clean, call: Any, item: Any) -> Any:
            told = clean(call, item)
            volume = engine.volumes.get(item.volume)
            if volume is not None:
                told["restoreSize"] = max(int(told["restoreSize"]), volume.size)
            return told

        wrap(calls, "cr", grown)


class SharedVolumeGrowsForNobody(Fault):
    """A volume that several nodes use is made larger, and none of them sees it: devices keep the old size."""

    name = "growth-of-shared-volume-unseen"
    component = "backend"
    breaks = ("EXP-026",)
    kind = "expansion"

    def apply(self, target: Api) -> None:
        """The devices of a volume with more than one attachment are left as they are."""
        engine: Engine = inner(target, "_engine")

        def alone(clean: Clean, name: str) -> None:
            volume = engine.volumes.get(name)
            if volume is None or len({each.node for each in volume.attachments}) < 2:
                clean(name)

        wrap(engine.devices, "grow", alone)
