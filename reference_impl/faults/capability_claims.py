"""Faults of what the driver says of itself, and of what it says no to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services

_RPC = csi_pb2.ControllerServiceCapability.RPC


class ListNotClaimed(Fault):
    """The driver lists snapshots and does not say so: imported handles are taken for good unchecked."""

    name = "list-works-unclaimed"
    component = "driver"
    breaks = ("RPC-CAP-002",)
    kind = "state"

    def apply(self, target: Services) -> None:
        """LIST_SNAPSHOTS is left out of the announced capabilities."""

        def fewer(clean: Clean, request: Any, context: Any) -> csi_pb2.ControllerGetCapabilitiesResponse:
            announced = clean(request, context).capabilities
            kept = [one for one in announced if one.rpc.type != _RPC.LIST_SNAPSHOTS]
            return csi_pb2.ControllerGetCapabilitiesResponse(capabilities=kept)

        wrap(target.controller, "ControllerGetCapabilities", fewer)


class GetClaimedOnly(Fault):
    """The driver says that it tells of single snapshots, and does not know the call."""

    name = "get-claimed-not-there"
    component = "driver"
    breaks = ("RPC-CAP-002", "RPC-GET-001")
    kind = "errors"

    def apply(self, target: Services) -> None:
        """GetSnapshot answers UNIMPLEMENTED while GET_SNAPSHOT is announced."""

        def absent(_clean: Clean, _request: Any, _context: Any) -> Any:
            raise NotImplementedError

        wrap(target.controller, "GetSnapshot", absent)


class ExpansionKindMissing(Fault):
    """The driver does not say whether volumes can grow while they are in use."""

    name = "expansion-kind-not-told"
    component = "driver"
    breaks = ("RPC-CAP-003",)
    kind = "expansion"

    def apply(self, target: Services) -> None:
        """VolumeExpansion is left out of the plugin's capabilities."""

        def fewer(clean: Clean, request: Any, context: Any) -> csi_pb2.GetPluginCapabilitiesResponse:
            announced = clean(request, context).capabilities
            kept = [one for one in announced if one.HasField("service")]
            return csi_pb2.GetPluginCapabilitiesResponse(capabilities=kept)

        wrap(target.identity, "GetPluginCapabilities", fewer)


class OnlineExpansionClaimedOnly(Fault):
    """The driver says that volumes grow while they are in use, and refuses to grow one that is."""

    name = "online-expansion-claimed-only"
    component = "driver"
    breaks = ("RPC-CEX-002", "EXP-009")
    kind = "expansion"

    def apply(self, target: Services) -> None:
        """ControllerExpandVolume of a published volume is refused while the plugin says ONLINE."""
        backend: Backend = inner(target.controller, "_backend")

        def offline(clean: Clean, request: csi_pb2.ControllerExpandVolumeRequest, context: Any) -> Any:
            found = backend.volumes.find(request.volume_id) if request.volume_id else None
            if found and found.nodes and request.HasField("capacity_range"):
                text = f"volume {found.name} is attached to {', '.join(found.nodes)}"
                raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, text)
            return clean(request, context)

        def online(clean: Clean, request: Any, context: Any) -> csi_pb2.GetPluginCapabilitiesResponse:
            answer: csi_pb2.GetPluginCapabilitiesResponse = clean(request, context)
            for one in answer.capabilities:
                if one.HasField("volume_expansion"):
                    one.volume_expansion.type = csi_pb2.PluginCapability.VolumeExpansion.ONLINE
            return answer

        wrap(target.controller, "ControllerExpandVolume", offline)
        wrap(target.identity, "GetPluginCapabilities", online)


class MissingFieldAccepted(Fault):
    """A snapshot without a name is made, and nobody can ask for the same one again."""

    name = "nameless-snapshot-made"
    component = "driver"
    breaks = ("RPC-CRS-001",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """CreateSnapshot makes a name up where there is none."""

        def lenient(clean: Clean, request: csi_pb2.CreateSnapshotRequest, context: Any) -> Any:
            request.name = request.name or f"unnamed-{request.source_volume_id}"[:63]
            return clean(request, context)

        wrap(target.controller, "CreateSnapshot", lenient)


class DeleteVolumeWithSnapshots(Fault):
    """A volume that has snapshots cannot be deleted, and the code says that the driver is broken."""

    name = "volume-with-snapshots-has-wrong-code"
    component = "driver"
    breaks = ("RPC-DEV-001", "DEL-014")
    kind = "errors"

    def apply(self, target: Services) -> None:
        """DeleteVolume answers INTERNAL as long as there are snapshots."""
        backend: Backend = inner(target.controller, "_backend")

        def refusing(clean: Clean, request: csi_pb2.DeleteVolumeRequest, context: Any) -> Any:
            if request.volume_id and backend.snapshots.all(request.volume_id):
                text = f"volume {request.volume_id}: cannot remove replica, snapshots exist"
                raise Refusal(grpc.StatusCode.INTERNAL, text)
            return clean(request, context)

        wrap(target.controller, "DeleteVolume", refusing)


class DeleteVolumeTakesSnapshots(Fault):
    """Deleting a volume deletes its snapshots with it."""

    name = "volume-deleted-with-its-snapshots"
    component = "driver"
    breaks = ("RPC-DEV-001", "DEL-014", "RES-018")
    kind = "lifecycle"

    def apply(self, target: Services) -> None:
        """DeleteVolume deletes every snapshot of the volume first."""
        backend: Backend = inner(target.controller, "_backend")

        def thorough(clean: Clean, request: csi_pb2.DeleteVolumeRequest, context: Any) -> Any:
            for snapshot in backend.snapshots.all(request.volume_id) if request.volume_id else ():
                if not snapshot.group:
                    backend.snapshots.delete(snapshot.name)
            return clean(request, context)

        wrap(target.controller, "DeleteVolume", thorough)
