"""Verbs about volumes on a node, at the socket: what a kubelet does, without a pod."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_csi_snapshot.csi.calls import Answer
from pytest_csi_snapshot.csi.core import RpcCore
from pytest_csi_snapshot.csi.volumes import Volume, VolumeCalls
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.verbs.ground import PreparationError

STAGING = "STAGE_UNSTAGE_VOLUME"
PUBLISHING = "PUBLISH_UNPUBLISH_VOLUME"


@dataclass(frozen=True)
class Place:
    """A volume at a path. ``path`` and ``staging`` are as the driver sees them, ``seen`` is ours."""

    volume: Volume
    path: str
    staging: str
    seen: Path
    block: bool

    @property
    def size(self) -> int:
        """Bytes of the filesystem, what it keeps for itself left out; or of the device."""
        if not self.block:
            found = os.statvfs(self.seen)
            return found.f_blocks * found.f_frsize
        with self.seen.open("rb") as device:
            return device.seek(0, os.SEEK_END)

    def write(self, text: str) -> None:
        """Put a text into the volume, and on to the disk."""
        with (self.seen / "text").open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> str:
        """The text that was put there; "" if there is none."""
        file = self.seen / "text"
        return file.read_text() if file.exists() else ""


class NodeCalls(VolumeCalls, RpcCore):
    """ControllerPublishVolume, NodeStageVolume, NodePublishVolume, NodeExpandVolume, and their undoing."""

    @contextmanager
    def attached(self, volume: Volume, *, block: bool = False) -> Iterator[Mapping[str, str]]:
        """The volume published to the node by the controller, where the driver has that step: its context.

        Raises PreparationError.
        """
        if PUBLISHING not in self.can.controller:
            yield {}
            return
        node = self.prepare(csi_pb2.NodeGetInfoRequest()).node_id
        secrets = self.inputs.secrets_for
        undo = csi_pb2.ControllerUnpublishVolumeRequest(
            volume_id=volume.volume_id, node_id=node, secrets=secrets("ControllerUnpublishVolume")
        )
        with self._undone(undo):
            response = self.prepare(
                csi_pb2.ControllerPublishVolumeRequest(
                    volume_id=volume.volume_id,
                    node_id=node,
                    volume_capability=self.capability(block=block),
                    secrets=secrets("ControllerPublishVolume"),
                    volume_context=volume.volume_context,
                )
            )
            yield response.publish_context

    @contextmanager
    def in_use(self, volume: Volume, clause: str, *, block: bool = False) -> Iterator[Place]:
        """The volume at a path of the node; ends the test as unknown where that cannot be looked at.

        Raises PreparationError.
        """
        __tracebackhide__ = True
        sight = self.sight(clause)
        below = f"{sight.folder}/{self.fresh('use')}"
        place = Place(volume, f"{below}/target", f"{below}/staging", sight.at(f"{below}/target"), block)
        sight.at(place.staging).mkdir(parents=True)
        with self.attached(volume, block=block) as context, ExitStack() as steps:
            if STAGING in self.can.node:
                steps.enter_context(self._staged(place, context))
            steps.enter_context(self._published(place, context))
            if not sight.published(place.path, block=block):
                what = "no raw device" if block else "nothing mounted"
                raise PreparationError(f"NodePublishVolume answered OK, but there is {what} at {place.path}")
            yield place

    def node_expand(
        self, volume_id: str, path: str, size: int, *, staging: str = "", block: bool = False
    ) -> Answer[csi_pb2.NodeExpandVolumeResponse]:
        """As often as it takes to get a definite answer."""
        return self.insist(
            csi_pb2.NodeExpandVolumeRequest(
                volume_id=volume_id,
                volume_path=path,
                capacity_range=csi_pb2.CapacityRange(required_bytes=size),
                staging_target_path=staging,
                volume_capability=self.capability(block=block),
                secrets=self.inputs.secrets_for("NodeExpandVolume"),
            )
        )

    @contextmanager
    def _staged(self, place: Place, context: Mapping[str, str]) -> Iterator[None]:
        undo = csi_pb2.NodeUnstageVolumeRequest(
            volume_id=place.volume.volume_id, staging_target_path=place.staging
        )
        with self._undone(undo):
            self.prepare(
                csi_pb2.NodeStageVolumeRequest(
                    volume_id=place.volume.volume_id,
                    publish_context=context,
                    staging_target_path=place.staging,
                    volume_capability=self.capability(block=place.block),
                    secrets=self.inputs.secrets_for("NodeStageVolume"),
                    volume_context=place.volume.volume_context,
                )
            )
            yield

    @contextmanager
    def _published(self, place: Place, context: Mapping[str, str]) -> Iterator[None]:
        undo = csi_pb2.NodeUnpublishVolumeRequest(volume_id=place.volume.volume_id, target_path=place.path)
        with self._undone(undo):
            self.prepare(
                csi_pb2.NodePublishVolumeRequest(
                    volume_id=place.volume.volume_id,
                    publish_context=context,
                    staging_target_path=place.staging if STAGING in self.can.node else "",
                    target_path=place.path,
                    volume_capability=self.capability(block=place.block),
                    secrets=self.inputs.secrets_for("NodePublishVolume"),
                    volume_context=place.volume.volume_context,
                )
            )
            yield

    @contextmanager
    def _undone(self, undo: object) -> Iterator[None]:
        """Undo a step at the end, also one that has failed: it may have been done by half."""
        try:
            yield
        except BaseException as error:
            answer = self.insist(undo)  # type: ignore[arg-type]
            if not answer.ok:
                error.add_note(f"and {answer.asked} was answered by {answer}")
            raise
        self.prepare(undo)  # type: ignore[arg-type]
