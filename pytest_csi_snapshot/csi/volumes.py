"""Verbs about volumes, at the socket."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.csi.calls import Answer
from pytest_csi_snapshot.csi.core import RpcCore
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.quantities import format_quantity
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.sizes import LEAST, Sizes

Volume = csi_pb2.Volume
Source = csi_pb2.VolumeContentSource


def of_snapshot(snapshot_id: str) -> Source:
    """A content source."""
    return Source(snapshot=Source.SnapshotSource(snapshot_id=snapshot_id))


def of_volume(volume_id: str) -> Source:
    """A content source."""
    return Source(volume=Source.VolumeSource(volume_id=volume_id))


class VolumeCalls(RpcCore):
    """CreateVolume, DeleteVolume, ControllerExpandVolume."""

    sizes = Sizes()

    @property
    def size(self) -> int:
        """Bytes of a volume where a test says nothing; a driver may round up."""
        return self.sizes.ordinary

    @quiet
    def capability(self, *, block: bool = False) -> csi_pb2.VolumeCapability:
        """For one node that writes: a filesystem, or a raw block device."""
        mode = csi_pb2.VolumeCapability.AccessMode(mode=csi_pb2.VolumeCapability.AccessMode.SINGLE_NODE_WRITER)
        if block:
            return csi_pb2.VolumeCapability(block=csi_pb2.VolumeCapability.BlockVolume(), access_mode=mode)
        mount = csi_pb2.VolumeCapability.MountVolume(fs_type=self.inputs.fs_type)
        return csi_pb2.VolumeCapability(mount=mount, access_mode=mode)

    @quiet
    def volume_request(
        self,
        *,
        name: str = "",
        size: int = 0,
        limit: int = 0,
        source: Source | None = None,
        block: bool = False,
    ) -> csi_pb2.CreateVolumeRequest:
        """For at least ``size`` bytes, the ordinary ones where none are said; ``limit`` 0 means none.

        A name is made up where there is none. A volume that is larger than it may be ends the test.
        """
        __tracebackhide__ = True
        size = self.within_bounds(size or self.size)
        return csi_pb2.CreateVolumeRequest(
            name=name or self.fresh("volume"),
            capacity_range=csi_pb2.CapacityRange(required_bytes=size, limit_bytes=limit),
            volume_capabilities=[self.capability(block=block)],
            parameters=self.inputs.parameters,
            secrets=self.inputs.secrets_for("CreateVolume"),
            volume_content_source=source,
            accessibility_requirements=self._accessibility(),
        )

    @quiet
    def within_bounds(self, size: int) -> int:
        """The size itself; a larger one than volumes may have ends the test."""
        __tracebackhide__ = True
        if self.sizes.exceeded_by(size):
            limit = format_quantity(self.sizes.limit)
            raise OutOfBounds(f"size.limit: it takes a volume of {format_quantity(size)}, the limit is {limit}")
        return size

    def try_volume(self, **wanted: Any) -> Answer[csi_pb2.CreateVolumeResponse]:
        """Ask for a volume (see ``volume_request``), as often as it takes to get a definite answer."""
        return self.insist(self.volume_request(**wanted))

    def volume(self, **wanted: Any) -> Volume:
        """A volume that a test needs. Raises PreparationError."""
        response: csi_pb2.CreateVolumeResponse = self.prepare(self.volume_request(**wanted))
        return response.volume

    def delete_volume(self, volume_id: str) -> Answer[csi_pb2.DeleteVolumeResponse]:
        """As often as it takes to get a definite answer."""
        request = csi_pb2.DeleteVolumeRequest(volume_id=volume_id, secrets=self.inputs.secrets_for("DeleteVolume"))
        return self.insist(request)

    def expand(
        self, volume_id: str, size: int | None, *, block: bool = False
    ) -> Answer[csi_pb2.ControllerExpandVolumeResponse]:
        """To at least ``size`` bytes; None leaves the capacity range out."""
        return self.insist(
            csi_pb2.ControllerExpandVolumeRequest(
                volume_id=volume_id,
                capacity_range=None if size is None else csi_pb2.CapacityRange(required_bytes=size),
                secrets=self.inputs.secrets_for("ControllerExpandVolume"),
                volume_capability=self.capability(block=block),
            )
        )

    def _accessibility(self) -> csi_pb2.TopologyRequirement | None:
        """Where the driver wants to know which nodes a volume must reach: the one at hand."""
        if not {"VOLUME_ACCESSIBILITY_CONSTRAINTS", "NODE_SERVICE"} <= self.can.services:
            return None
        info = self.ask(csi_pb2.NodeGetInfoRequest())
        if not info.ok or not info.response.accessible_topology.segments:
            return None
        topology = info.response.accessible_topology
        return csi_pb2.TopologyRequirement(requisite=[topology], preferred=[topology])


def capacity(volume: Volume, asked: int = LEAST) -> int:
    """Bytes of a volume; where the driver does not tell, what it was asked for."""
    return volume.capacity_bytes or asked
