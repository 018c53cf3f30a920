"""Faults of the backend's bookkeeping: how many snapshots a volume may have, and who uses it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..backend import layers
from ..backend.errors import BackendError
from ..backend.records import Attachment
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..backend.api import Api
    from ..backend.engine import Engine
    from ..backend.records import Snapshot


class FullIsInternal(Fault):
    """A volume that has as many snapshots as it may have refuses another by a code that says try again."""

    name = "no-room-has-wrong-code"
    component = "backend"
    breaks = ("RPC-CRS-004",)
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/10308"
    seen = "L12"

    def apply(self, target: Api) -> None:
        """Internal in the place of ResourceExhausted."""

        def vague(clean: Clean, *args: Any, **kwargs: Any) -> None:
            try:
                clean(*args, **kwargs)
            except BackendError as error:
                raise BackendError("Internal", error.message) from error

        wrap(layers, "check_usage", vague)
        wrap(layers, "check_count", vague)


class DeletedSnapshotsCount(Fault):
    """Snapshots that were deleted still count: a volume that had as many as it may have never gets another."""

    name = "deleted-snapshots-count"
    component = "backend"
    breaks = ("RPC-CRS-004",)
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/5802"
    seen = "L11"

    def apply(self, target: Api) -> None:
        """The number of snapshots that a volume ever had is held against its limit."""
        engine: Engine = inner(target, "_engine")
        ever = Counter[str]()

        def counting(clean: Clean, volume: str, name: str, labels: dict[str, str]) -> Snapshot:
            layers_ever = ever[volume] + 1  # the live data is one
            if engine.snapshots.get(name) is None and layers_ever >= layers.MOST:
                text = f"volume {volume}: snapshot count total is already too big: {layers_ever}"
                raise BackendError("ResourceExhausted", text)
            made: Snapshot = clean(volume, name, labels)
            ever[volume] += 1
            return made

        wrap(_snapshots(target), "create", counting)


class VolumeStaysAttached(Fault):
    """After a snapshot its volume cannot be used on another node: the cut left it attached where it was made."""

    name = "volume-stays-attached-after-snapshot"
    component = "backend"
    breaks = ("DEL-019", "SNAP-DYN-006", "DEL-014")
    kind = "lifecycle"
    issue = "https://github.com/longhorn/longhorn/issues/6652"
    seen = "L25"

    TICKET = "snapshot-controller"

    def apply(self, target: Api) -> None:
        """The ticket that a cut takes is not given back."""
        engine: Engine = inner(target, "_engine")

        def holding(clean: Clean, volume: str, name: str, labels: dict[str, str]) -> Snapshot:
            made: Snapshot = clean(volume, name, labels)
            source = engine.volumes.get(volume)
            node = source.node if source else ""
            node = node or next((each.name for each in engine.nodes.all()), "")
            if source and node and not any(each.kind == self.TICKET for each in source.attachments):
                ticket = Attachment(node, "SINGLE_NODE_WRITER", ticket=f"{self.TICKET}-{name}", kind=self.TICKET)
                inner(target, "_volumes").attach(volume, ticket)
            return made

        wrap(_snapshots(target), "create", holding)


def _snapshots(target: Api) -> Any:
    """Of single volumes, as the API calls them."""
    return inner(inner(target, "_snapshots"), "_snapshots")
