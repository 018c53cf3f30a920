"""The csi-attacher, step by step."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.controllers.attacher.attachments import Attachments
from pytest_csi_snapshot.reference_impl.controllers.csi import capabilities
from pytest_csi_snapshot.reference_impl.controllers.csi.capabilities import UnknownAccessModeError
from pytest_csi_snapshot.reference_impl.controllers.csi.driver import Abilities
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import CSI_NODE, PV, VOLUME_ATTACHMENT
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .stage import DRIVER, Stage

Json = dict[str, Any]
Mode = csi_pb2.VolumeCapability.AccessMode

FINALIZER = "external-attacher/driver-longhorn-io"
PUBLISH = csi_pb2.ControllerPublishVolumeRequest
UNPUBLISH = csi_pb2.ControllerUnpublishVolumeRequest


class Theatre(Stage):
    """The stage with the csi-attacher, a volume and a node on it."""

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self.attachments = Attachments(
            peer, self.direct(VOLUME_ATTACHMENT), self.direct(PV), self.direct(CSI_NODE)
        )
        self.bound_claim()

    def node(self) -> None:
        drivers = [{"name": DRIVER, "nodeID": "id-1", "topologyKeys": []}]
        self.kube.create(CSI_NODE, {"metadata": {"name": "node-1"}, "spec": {"drivers": drivers}})

    def wish(self, attacher: str = DRIVER) -> Json:
        spec = {"attacher": attacher, "nodeName": "node-1", "source": {"persistentVolumeName": "pv-c"}}
        return self.kube.create(VOLUME_ATTACHMENT, {"metadata": {"name": "va"}, "spec": spec})

    def sync(self) -> str | None:
        try:
            self.attachments.sync("va")
        except SyncError as error:
            return str(error)
        return None

    def status(self) -> Json:
        return dict(self.see(VOLUME_ATTACHMENT, "va").get("status") or {})


@pytest.fixture
def stage(peer: Peer) -> Theatre:
    return Theatre(peer)


def test_a_volume_is_attached_under_two_finalizers_and_detached(stage: Theatre, driver: FakeDriver) -> None:
    stage.node()
    stage.wish()
    assert stage.sync() is None
    assert stage.status() == {"attached": True, "attachmentMetadata": {"endpoint": "/dev/handle-c"}}
    (call,) = driver.made(PUBLISH)
    assert (call.volume_id, call.node_id, call.volume_capability.mount.fs_type) == ("handle-c", "id-1", "ext4")
    assert objects.has_finalizer(stage.see(VOLUME_ATTACHMENT, "va"), FINALIZER)
    assert objects.has_finalizer(stage.see(PV, "pv-c"), FINALIZER)
    stage.sync()
    assert len(driver.made(PUBLISH)) == 1
    stage.delete(VOLUME_ATTACHMENT, "va")
    assert stage.sync() is None
    assert stage.gone(VOLUME_ATTACHMENT, "va")
    assert [call.node_id for call in driver.made(UNPUBLISH)] == ["id-1"]


def test_a_driver_that_is_not_on_the_node_yet_is_waited_for(stage: Theatre, driver: FakeDriver) -> None:
    stage.wish()
    assert "CSINode node-1 does not contain driver" in (stage.sync() or "")
    assert "CSINode node-1" in stage.status()["attachError"]["message"]
    assert driver.made(PUBLISH) == []
    stage.node()
    assert stage.sync() is None
    assert stage.status()["attached"] is True
    assert "attachError" not in stage.status()


def test_detaching_does_not_need_the_node_to_be_there(stage: Theatre, driver: FakeDriver) -> None:
    stage.node()
    stage.wish()
    stage.sync()
    stage.delete(CSI_NODE, "node-1")
    stage.delete(VOLUME_ATTACHMENT, "va")
    assert stage.sync() is None
    assert [call.node_id for call in driver.made(UNPUBLISH)] == ["id-1"]


def test_errors_are_shown_once_and_tried_again(stage: Theatre, driver: FakeDriver) -> None:
    stage.node()
    stage.wish()
    driver.script["ControllerPublishVolume"].extend([grpc.StatusCode.INTERNAL] * 2)
    assert stage.sync()
    shown = stage.see(VOLUME_ATTACHMENT, "va")
    assert shown["status"]["attached"] is False
    assert "scripted INTERNAL" in shown["status"]["attachError"]["message"]
    assert stage.sync()
    assert stage.see(VOLUME_ATTACHMENT, "va") == shown, "the same error is not written again"
    assert stage.sync() is None
    driver.script["ControllerUnpublishVolume"].append(grpc.StatusCode.INTERNAL)
    stage.delete(VOLUME_ATTACHMENT, "va")
    assert stage.sync()
    assert "scripted INTERNAL" in stage.status()["detachError"]["message"]
    assert stage.sync() is None
    assert stage.gone(VOLUME_ATTACHMENT, "va")


def test_attachments_of_other_drivers_are_left_alone(stage: Theatre, driver: FakeDriver) -> None:
    stage.node()
    before = stage.wish("other.driver")
    assert stage.sync() is None
    assert stage.see(VOLUME_ATTACHMENT, "va") == before
    assert driver.made(PUBLISH) == []


def test_a_driver_that_cannot_attach_is_attached_at_once(peer: Peer, driver: FakeDriver) -> None:
    stage = Theatre(Peer(peer.driver, peer.name, Abilities(frozenset(), frozenset())))
    stage.wish()
    assert stage.sync() is None
    assert stage.status() == {"attached": True}
    assert driver.made(PUBLISH) == []
    stage.delete(VOLUME_ATTACHMENT, "va")
    assert stage.gone(VOLUME_ATTACHMENT, "va")


def test_a_deleted_volume_goes_when_no_attachment_uses_it(stage: Theatre) -> None:
    stage.node()
    stage.wish()
    stage.sync()
    stage.delete(PV, "pv-c")
    stage.attachments.sync_volume("pv-c")
    assert not stage.gone(PV, "pv-c")
    stage.delete(VOLUME_ATTACHMENT, "va")
    stage.sync()
    stage.attachments.sync_volume("pv-c")
    assert stage.gone(PV, "pv-c")


@pytest.mark.parametrize(
    ("modes", "finer", "mode"),
    [
        (["ReadWriteOnce"], False, Mode.SINGLE_NODE_WRITER),
        (["ReadWriteOnce"], True, Mode.SINGLE_NODE_MULTI_WRITER),
        (["ReadOnlyMany"], False, Mode.MULTI_NODE_READER_ONLY),
        (["ReadWriteOnce", "ReadOnlyMany"], False, Mode.MULTI_NODE_SINGLE_WRITER),
        (["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"], False, Mode.MULTI_NODE_MULTI_WRITER),
        (["ReadWriteOncePod"], True, Mode.SINGLE_NODE_SINGLE_WRITER),
    ],
)
def test_one_mode_stands_for_all_of_a_volume(modes: list[str], finer: bool, mode: int) -> None:
    assert capabilities.strongest(modes, finer=finer) == mode


def test_a_volume_without_a_known_mode_is_refused() -> None:
    with pytest.raises(UnknownAccessModeError):
        capabilities.strongest(["Sometimes"], finer=False)
