"""Verbs about snapshots, and groups of them, at the socket."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.message import Message

from pytest_csi_snapshot.csi.calls import Answer, Code
from pytest_csi_snapshot.csi.core import RpcCore
from pytest_csi_snapshot.csi.made import pauses
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.verbs.ground import PreparationError

Snapshot = csi_pb2.Snapshot
Group = csi_pb2.VolumeGroupSnapshot

GROUPS = "CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"


class SnapshotCalls(RpcCore):
    """CreateSnapshot, DeleteSnapshot, ListSnapshots, GetSnapshot, and the group controller's."""

    def snapshot_request(self, volume_id: str, *, name: str | None = None) -> csi_pb2.CreateSnapshotRequest:
        """A name is made up unless one is given, also an empty one."""
        return csi_pb2.CreateSnapshotRequest(
            source_volume_id=volume_id,
            name=self.fresh("snapshot") if name is None else name,
            secrets=self.inputs.secrets_for("CreateSnapshot"),
            parameters=self.inputs.snapshot_parameters,
        )

    def try_snapshot(self, volume_id: str, *, name: str | None = None) -> Answer[csi_pb2.CreateSnapshotResponse]:
        """As often as it takes to get a definite answer; the snapshot need not be ready."""
        return self.insist(self.snapshot_request(volume_id, name=name))

    def snapshot(self, volume_id: str, *, name: str | None = None) -> Snapshot:
        """A snapshot that is ready to use: the call is repeated until it says so. Raises PreparationError."""
        request = self.snapshot_request(volume_id, name=name)
        snapshot: Snapshot = self.prepare(request).snapshot
        if not snapshot.ready_to_use:
            within = self.limits.snapshot
            for _ in pauses(within):
                if (snapshot := self.prepare(request).snapshot).ready_to_use:
                    break
            else:
                raise PreparationError(f"snapshot {snapshot.snapshot_id} was not ready within {within:g} s")
        return snapshot

    def delete_snapshot(self, snapshot_id: str) -> Answer[csi_pb2.DeleteSnapshotResponse]:
        """As often as it takes to get a definite answer."""
        secrets = self.inputs.secrets_for("DeleteSnapshot")
        return self.insist(csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot_id, secrets=secrets))

    def get_snapshot(self, snapshot_id: str) -> Answer[csi_pb2.GetSnapshotResponse]:
        """One by its id."""
        secrets = self.inputs.secrets_for("GetSnapshot")
        return self.insist(csi_pb2.GetSnapshotRequest(snapshot_id=snapshot_id, secrets=secrets))

    def list_snapshots(self, **filters: Any) -> Answer[csi_pb2.ListSnapshotsResponse]:
        """One page; ``filters`` are fields of the request. ABORTED is an answer here: it is about the token."""
        secrets = self.inputs.secrets_for("ListSnapshots")
        return self.insist(csi_pb2.ListSnapshotsRequest(secrets=secrets, **filters), final=(Code.ABORTED,))

    def pages(self, clause: str, **filters: Any) -> list[list[Snapshot]]:
        """Every page of a list. A page that is refused, or a list without an end, breaks ``clause``."""
        __tracebackhide__ = True
        pages: list[list[Snapshot]] = []
        tokens = [""]
        while True:
            response = self.granted(clause, self.list_snapshots(starting_token=tokens[-1], **filters))
            pages.append([entry.snapshot for entry in response.entries])
            token = response.next_token
            if not token:
                return pages
            new = token not in tokens
            self.check(clause, expected="another next_token than before", observed=token, holds=new)
            tokens.append(token)

    def group_request(self, volume_ids: Iterable[str], *, name: str | None = None) -> Message:
        """Its parameters are none: a class of single snapshots need not fit a group."""
        return csi_pb2.CreateVolumeGroupSnapshotRequest(
            name=self.fresh("group") if name is None else name,
            source_volume_ids=list(volume_ids),
            secrets=self.inputs.secrets_for("CreateVolumeGroupSnapshot"),
        )

    def try_group(
        self, volume_ids: Iterable[str], *, name: str | None = None
    ) -> Answer[csi_pb2.CreateVolumeGroupSnapshotResponse]:
        """As often as it takes to get a definite answer."""
        return self.insist(self.group_request(volume_ids, name=name))

    def group(self, volume_ids: Iterable[str], *, name: str | None = None) -> Group:
        """A group snapshot that a test needs. Raises PreparationError."""
        response: csi_pb2.CreateVolumeGroupSnapshotResponse = self.prepare(
            self.group_request(volume_ids, name=name)
        )
        return response.group_snapshot

    def delete_group(
        self, group_id: str, members: Iterable[str]
    ) -> Answer[csi_pb2.DeleteVolumeGroupSnapshotResponse]:
        """``members`` are the ids of its snapshots."""
        return self.insist(
            csi_pb2.DeleteVolumeGroupSnapshotRequest(
                group_snapshot_id=group_id,
                snapshot_ids=list(members),
                secrets=self.inputs.secrets_for("DeleteVolumeGroupSnapshot"),
            )
        )

    def get_group(
        self, group_id: str, members: Iterable[str] = ()
    ) -> Answer[csi_pb2.GetVolumeGroupSnapshotResponse]:
        """``members`` are the ids of its snapshots."""
        return self.insist(
            csi_pb2.GetVolumeGroupSnapshotRequest(
                group_snapshot_id=group_id,
                snapshot_ids=list(members),
                secrets=self.inputs.secrets_for("GetVolumeGroupSnapshot"),
            )
        )

    def at_once(self, request: Message, times: int) -> list[Answer[Any]]:
        """The answers to one request that is sent ``times`` times at the same moment."""
        with ThreadPoolExecutor(times) as callers:
            return list(callers.map(self.ask, [request] * times))
