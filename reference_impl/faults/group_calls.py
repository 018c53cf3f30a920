"""Faults of group snapshots in the driver and in the backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import grpc

from ..driver import groups
from ..driver.names import GroupHandle
from ..driver.refusals import Refusal
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.services import Services


class GroupLacksMember(Fault):
    """A group snapshot lacks one of its volumes, and says that it is ready."""

    name = "group-lacks-a-member"
    component = "driver"
    breaks = ("GRP-001", "RPC-GRP-001")
    kind = "groups"

    def apply(self, target: Services) -> None:
        """The last volume of a request is left out."""

        def fewer(clean: Clean, request: csi_pb2.CreateVolumeGroupSnapshotRequest, context: Any) -> Any:
            if len(request.source_volume_ids) > 1:
                del request.source_volume_ids[-1]
            return clean(request, context)

        wrap(_calls(target), "CreateVolumeGroupSnapshot", fewer)


class GroupReadyBeforeMembers(Fault):
    """A group is ready while its members are not."""

    name = "group-ready-before-members"
    component = "driver"
    breaks = ("RPC-GRP-001",)
    kind = "groups"

    def apply(self, target: Services) -> None:
        """The members have ready_to_use false, for as long as they are there."""

        def early(clean: Clean, *args: Any) -> csi_pb2.VolumeGroupSnapshot:
            told: csi_pb2.VolumeGroupSnapshot = clean(*args)
            for member in told.snapshots:
                member.ready_to_use = False
            return told

        wrap(groups, "_message", early)


class GroupMembersSwapped(Fault):
    """The members of a group are mixed up: the snapshot of one volume holds the data of another."""

    name = "group-members-swapped"
    component = "driver"
    breaks = ("GRP-007", "GRP-006")
    kind = "groups"

    def apply(self, target: Services) -> None:
        """Each member has the source that the next one should have."""

        def swapped(clean: Clean, *args: Any) -> csi_pb2.VolumeGroupSnapshot:
            told: csi_pb2.VolumeGroupSnapshot = clean(*args)
            sources = [member.source_volume_id for member in told.snapshots]
            for member, source in zip(told.snapshots, sources[1:] + sources[:1], strict=True):
                member.source_volume_id = source
            return told

        wrap(groups, "_message", swapped)


class GroupNameTakenIsFine(Fault):
    """A group that is asked for under the name of another is answered with that one's volumes."""

    name = "group-name-of-other-volumes-accepted"
    component = "driver"
    breaks = ("RPC-GRP-001",)
    kind = "groups"

    def apply(self, target: Services) -> None:
        """Whatever has the name is the answer."""
        backend: Backend = inner(_calls(target), "_backend")

        def careless(clean: Clean, request: csi_pb2.CreateVolumeGroupSnapshotRequest, context: Any) -> Any:
            found = backend.groups.find(request.name) if request.name else None
            if found is None:
                return clean(request, context)
            message = inner(groups, "_message")
            return csi_pb2.CreateVolumeGroupSnapshotResponse(group_snapshot=message(found))

        wrap(_calls(target), "CreateVolumeGroupSnapshot", careless)


class GroupDeleteIgnoresMembers(Fault):
    """A group is deleted by whoever knows its name, with whatever members they think it has."""

    name = "group-deleted-with-wrong-members"
    component = "driver"
    breaks = ("RPC-GRP-002",)
    kind = "groups"

    def apply(self, target: Services) -> None:
        """snapshot_ids count for nothing."""

        def unchecked(_clean: Clean, _group: Any, _given: Sequence[str]) -> None:
            """Any list of members is good."""

        wrap(groups, "_check_members", unchecked)


class GroupDeleteLeavesMembers(Fault):
    """A group is deleted, and its members stay in the storage."""

    name = "group-deletion-leaves-members"
    component = "driver"
    breaks = ("GRP-008", "RPC-GRP-002")
    kind = "groups"

    def apply(self, target: Services) -> None:
        """DeleteVolumeGroupSnapshot answers OK without asking the backend."""

        def forgetful(clean: Clean, request: csi_pb2.DeleteVolumeGroupSnapshotRequest, context: Any) -> Any:
            if GroupHandle.parse(request.group_snapshot_id) is None:
                return clean(request, context)
            return csi_pb2.DeleteVolumeGroupSnapshotResponse()

        wrap(_calls(target), "DeleteVolumeGroupSnapshot", forgetful)


class UnknownGroupIsInternal(Fault):
    """A group that is not there is told to be an error of the storage."""

    name = "unknown-group-has-wrong-code"
    component = "driver"
    breaks = ("RPC-GRP-002",)
    kind = "groups"

    def apply(self, target: Services) -> None:
        """GetVolumeGroupSnapshot answers INTERNAL in the place of NOT_FOUND."""

        def wrong(clean: Clean, request: csi_pb2.GetVolumeGroupSnapshotRequest, context: Any) -> Any:
            try:
                return clean(request, context)
            except Refusal as refusal:
                if refusal.code is grpc.StatusCode.NOT_FOUND:
                    raise Refusal(grpc.StatusCode.INTERNAL, refusal.message) from refusal
                raise

        wrap(_calls(target), "GetVolumeGroupSnapshot", wrong)


def _calls(target: Services) -> Any:
    """The group controller. Raises ValueError in a profile that has none."""
    if target.groups is None:
        raise ValueError("this profile of the driver has no groups: the fault needs them")
    return target.groups
