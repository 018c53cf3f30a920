"""Faults of deleting: what was to go stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fault import Fault

if TYPE_CHECKING:
    import grpc

    from ..driver.services import Services
    from ..wire import csi_pb2


class DeleteLeavesSnapshot(Fault):
    """DeleteSnapshot answers OK while the snapshot stays in the backend."""

    name = "delete-leaves-snapshot"
    component = "driver"
    breaks = ("DEL-001", "DEL-016", "RPC-DES-001")
    kind = "lifecycle"

    def apply(self, target: Services) -> None:
        """Answer without asking the backend; a missing id is still refused."""
        from ..wire import csi_pb2

        clean = target.controller.DeleteSnapshot

        def forgetful(
            request: csi_pb2.DeleteSnapshotRequest, context: grpc.ServicerContext
        ) -> csi_pb2.DeleteSnapshotResponse:
            if not request.snapshot_id:
                return clean(request, context)
            return csi_pb2.DeleteSnapshotResponse()

        vars(target.controller)["DeleteSnapshot"] = forgetful
