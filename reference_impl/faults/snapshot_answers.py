"""Faults of what the driver says of a snapshot: its size, its id and whether it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..driver import messages
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..driver.services import Services
    from ..wire import csi_pb2


class SnapshotNeverReady(Fault):
    """A snapshot is never ready: each call says that it is still being made."""

    name = "snapshot-never-ready"
    component = "driver"
    breaks = ("SNAP-DYN-004",)
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/3167"
    seen = "L01"

    def apply(self, target: Services) -> None:
        """Every snapshot that the driver tells of has ready_to_use false."""

        def unready(clean: Clean, *args: Any) -> csi_pb2.Snapshot:
            told: csi_pb2.Snapshot = clean(*args)
            told.ready_to_use = False
            return told

        wrap(messages, "of_snapshot", unready)


class SizeOfUsedData(Fault):
    """The restore size of a snapshot is what its data takes: a volume of that size cannot be made of it."""

    name = "restore-size-counts-used-data"
    component = "driver"
    breaks = ("STAT-004", "RES-004")
    kind = "state"

    def apply(self, target: Services) -> None:
        """size_bytes is a quarter of the volume's."""

        def used(clean: Clean, *args: Any) -> csi_pb2.Snapshot:
            told: csi_pb2.Snapshot = clean(*args)
            told.size_bytes //= 4
            return told

        wrap(messages, "of_snapshot", used)


class SizeMinusOne(Fault):
    """A driver that does not know a snapshot's size says -1, and the snapshot never becomes ready."""

    name = "unknown-size-is-minus-one"
    component = "driver"
    breaks = ("RPC-CRS-003", "SNAP-DYN-004", "STAT-004")
    kind = "state"

    def apply(self, target: Services) -> None:
        """size_bytes is negative."""

        def unknown(clean: Clean, *args: Any) -> csi_pb2.Snapshot:
            told: csi_pb2.Snapshot = clean(*args)
            told.size_bytes = -1
            return told

        wrap(messages, "of_snapshot", unknown)
