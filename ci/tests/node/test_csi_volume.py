"""A claim in a pod: the order of a kubelet's calls, the attach protocol, expansion, and what a refusal leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from pytest_csi_snapshot.csi.wire import csi_pb2_grpc
from pytest_csi_snapshot.fixtures.node import paths
from pytest_csi_snapshot.fixtures.node.csi.attachment import Attachments
from pytest_csi_snapshot.fixtures.node.csi.client import NodeClient
from pytest_csi_snapshot.fixtures.node.csi.drivers import Driver, Drivers
from pytest_csi_snapshot.fixtures.node.csi.services import CsiServices
from pytest_csi_snapshot.fixtures.node.csi.volume import CsiVolume
from pytest_csi_snapshot.fixtures.node.volumes.base import NotYetError, PodContext, VolumeError
from pytest_csi_snapshot.kube.kinds import CSI_DRIVER, NODE, PV, PVC, VOLUME_ATTACHMENT
from pytest_csi_snapshot.kube.refusals import ApiError

from .fakes import FakeApi, FakeDriver, FakeMirror, served

Json = dict[str, Any]
DRIVER, HANDLE, NAME = "fake.test", "handle-1", "kubernetes.io/csi/fake.test^handle-1"
STAGING = "plugins/kubernetes.io/csi/fake.test"


class Bench:
    """One node with a driver, one bound claim, and pods that use it."""

    def __init__(self, top: Path, driver: FakeDriver) -> None:
        self.top = top
        self.driver = driver
        self.api = FakeApi()
        self.events: list[tuple[str, str]] = []
        self.drivers = Drivers(lambda: None)
        self.register()
        api: Any = self.api
        nodes: Any = FakeMirror(self.api, NODE)
        mirrors: list[Any] = [FakeMirror(self.api, kind) for kind in (CSI_DRIVER, PVC, PV)]
        self.services = CsiServices(api, self.drivers, Attachments(api, "n", nodes), *mirrors)
        self.api.put(NODE, {"metadata": {"name": "n"}, "status": {}})
        self.api.put(CSI_DRIVER, {"metadata": {"name": DRIVER}, "spec": {"attachRequired": True}})
        self.api.put(PV, {"metadata": {"name": "pv"}, "spec": self.pv_spec()})
        claim = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
        self.api.put(
            PVC, {"metadata": {"namespace": "ns", "name": "c"}, "spec": {"volumeName": "pv"}, "status": claim}
        )

    @staticmethod
    def pv_spec() -> Json:
        source = {"driver": DRIVER, "volumeHandle": HANDLE, "fsType": "ext4", "volumeAttributes": {"a": "b"}}
        return {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "csi": source}

    def register(self) -> None:
        client = NodeClient(str(self.top / "csi.sock"))
        self.drivers.put(Driver(DRIVER, client, client.capabilities()))

    def volume(self, uid: str = "u1") -> CsiVolume:
        pod = {"metadata": {"name": "p", "namespace": "ns", "uid": uid}, "spec": {}}
        api: Any = self.api
        context = PodContext(
            pod,
            api,
            "n",
            lambda *_: None,
            {},
            {},
            self._note,
            lambda _i, kind, severity, reason, message: self._note(severity, reason, message, kind),
        )
        return CsiVolume("v", {"claimName": "c"}, context, self.services)

    def _note(self, _severity: str, reason: str, _message: str, kind: str = "Pod") -> None:
        self.events.append((kind, reason))

    def attach(self, **metadata: Any) -> None:
        status = {"attached": True, "attachmentMetadata": {"dev": "x"}}
        name = paths.attachment(DRIVER, HANDLE, "n")
        self.api.put(VOLUME_ATTACHMENT, {"metadata": {"name": name, **metadata}, "status": status})

    def attached_volume(self, uid: str = "u1") -> CsiVolume:
        volume = self.volume(uid)
        with pytest.raises(NotYetError):
            volume.set_up()
        self.attach()
        volume.set_up()
        return volume

    def grow(self, size: str, status: str = "NodeResizePending") -> None:
        self.api.patch(PV, None, "pv", {"spec": {"capacity": {"storage": size}}})
        conditions = [{"type": "FileSystemResizePending", "status": "True"}, {"type": "Unused", "status": "False"}]
        change = {"allocatedResourceStatuses": {"storage": status}, "conditions": conditions}
        self.api.patch(PVC, "ns", "c", {"status": change})

    @property
    def in_use(self) -> list[str]:
        return list(self.api.get(NODE, None, "n")["status"].get("volumesInUse") or [])

    @property
    def claim_status(self) -> Json:
        return dict(self.api.get(PVC, "ns", "c")["status"])

    def condition_types(self) -> list[str]:
        return [condition["type"] for condition in self.claim_status["conditions"]]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(paths, "PODS", tmp_path / "pods")
    monkeypatch.setattr(paths, "CSI", tmp_path / "plugins/kubernetes.io/csi")
    driver = FakeDriver()
    with served(tmp_path / "csi.sock", csi_pb2_grpc.add_NodeServicer_to_server, driver):
        yield Bench(tmp_path, driver)


def test_the_order_and_the_paths_of_a_kubelet(bench: Bench) -> None:
    volume = bench.volume()
    with pytest.raises(NotYetError, match="not attached"):
        volume.set_up()
    assert bench.driver.methods == []
    assert bench.in_use == [NAME]
    bench.attach()
    volume.set_up()
    assert bench.driver.methods == ["stage", "publish"]
    stage, publish = (request for _, request in bench.driver.calls)
    assert stage.staging_target_path.startswith(f"{bench.top}/{STAGING}/")
    assert stage.staging_target_path.endswith("/globalmount")
    assert dict(stage.publish_context) == {"dev": "x"}
    assert dict(stage.volume_context) == {"a": "b"}
    assert publish.target_path == f"{bench.top}/pods/u1/volumes/kubernetes.io~csi/pv/mount"
    assert publish.volume_capability.mount.fs_type == "ext4"
    volume.tear_down()
    assert bench.driver.methods == ["stage", "publish", "unpublish", "unstage"]
    assert bench.in_use == []


def test_two_pods_stage_once_and_the_last_one_unstages(bench: Bench) -> None:
    first = bench.attached_volume("u1")
    second = bench.volume("u2")
    second.set_up()
    first.tear_down()
    assert bench.driver.methods == ["stage", "publish", "publish", "unpublish"]
    assert bench.in_use == [NAME]
    second.tear_down()
    assert bench.driver.methods[-2:] == ["unpublish", "unstage"]
    assert bench.in_use == []


def test_an_attachment_of_the_past_must_be_listed_by_the_controller(bench: Bench) -> None:
    bench.attach()
    volume = bench.volume()
    with pytest.raises(NotYetError):
        volume.set_up()
    bench.api.patch(NODE, None, "n", {"status": {"volumesAttached": [{"name": NAME, "devicePath": ""}]}})
    volume.set_up()
    assert bench.driver.methods == ["stage", "publish"]


def test_an_attachment_that_is_going_is_none(bench: Bench) -> None:
    volume = bench.volume()
    with pytest.raises(NotYetError):
        volume.set_up()
    bench.attach(deletionTimestamp="2026-01-01T00:00:00Z")
    with pytest.raises(NotYetError):
        volume.set_up()


def test_without_a_registered_driver_nothing_is_touched(bench: Bench) -> None:
    bench.drivers.drop(DRIVER)
    volume = bench.volume()
    with pytest.raises(NotYetError):
        volume.set_up()
    bench.attach()
    with pytest.raises(VolumeError, match=r"driver name fake\.test not found in the list of registered"):
        volume.set_up()
    volume.tear_down()
    assert bench.in_use == []


@pytest.mark.parametrize(
    ("code", "after"),
    [
        (grpc.StatusCode.INTERNAL, []),
        (grpc.StatusCode.UNAVAILABLE, ["unstage"]),
        (grpc.StatusCode.ABORTED, ["unstage"]),
    ],
)
def test_an_uncertain_stage_is_undone_and_a_final_refusal_is_not(
    bench: Bench, code: grpc.StatusCode, after: list[str]
) -> None:
    volume = bench.volume()
    with pytest.raises(NotYetError):
        volume.set_up()
    bench.attach()
    bench.driver.failures["stage"] = code
    with pytest.raises(VolumeError, match=r"MountDevice failed .* desc = as ordered"):
        volume.set_up()
    volume.tear_down()
    assert bench.driver.methods == ["stage", *after]


def test_offline_expansion_comes_between_stage_and_publish(bench: Bench) -> None:
    bench.grow("2Gi")
    bench.attached_volume()
    assert bench.driver.methods == ["stage", "expand", "publish"]
    expand = bench.driver.calls[1][1]
    assert expand.volume_path == expand.staging_target_path
    assert expand.capacity_range.required_bytes == 2 << 30


def test_a_pod_whose_volume_cannot_be_expanded_is_told_that_it_is_not_mounted(bench: Bench) -> None:
    bench.grow("2Gi")
    bench.driver.failures["expand"] = grpc.StatusCode.OUT_OF_RANGE
    with pytest.raises(VolumeError, match="as ordered") as caught:
        bench.attached_volume()
    assert caught.value.reason == "FailedMount"
    assert bench.driver.methods == ["stage", "expand"]


def test_online_expansion_clears_the_claim_and_keeps_foreign_conditions(bench: Bench) -> None:
    volume = bench.attached_volume()
    volume.refresh()
    assert bench.driver.methods == ["stage", "publish"]
    bench.grow("2Gi")
    volume.refresh()
    assert bench.driver.methods[-1] == "expand"
    assert bench.driver.calls[-1][1].volume_path == str(volume.path)
    assert bench.claim_status["capacity"] == {"storage": "2Gi"}
    assert not bench.claim_status["allocatedResourceStatuses"]
    assert bench.condition_types() == ["Unused"]
    reason = "FileSystemResizeSuccessful"
    assert bench.events == [("Pod", reason), ("PersistentVolumeClaim", reason)]
    progress = [body for kind, _, body in bench.api.writes if kind == "PersistentVolumeClaim"]
    in_progress = {"allocatedResourceStatuses": {"storage": "NodeResizeInProgress"}}
    assert in_progress in [body["status"] for body in progress]


def test_a_claim_that_asks_for_nothing_is_not_expanded(bench: Bench) -> None:
    volume = bench.attached_volume()
    bench.api.patch(PV, None, "pv", {"spec": {"capacity": {"storage": "2Gi"}}})
    volume.refresh()
    assert bench.driver.methods == ["stage", "publish"]


@pytest.mark.parametrize(
    ("code", "status", "retried"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "NodeResizeInfeasible", False),
        (grpc.StatusCode.OUT_OF_RANGE, "NodeResizeInfeasible", False),
        (grpc.StatusCode.INTERNAL, "NodeResizeInProgress", True),
        (grpc.StatusCode.FAILED_PRECONDITION, "NodeResizeInProgress", False),
    ],
)
def test_a_refused_expansion(bench: Bench, code: grpc.StatusCode, status: str, retried: bool) -> None:
    volume = bench.attached_volume()
    bench.driver.failures["expand"] = code
    bench.grow("2Gi")
    if code is grpc.StatusCode.FAILED_PRECONDITION:
        volume.refresh()
    else:
        with pytest.raises(VolumeError, match="as ordered") as caught:
            volume.refresh()
        assert caught.value.reason == "VolumeResizeFailed"
    assert bench.claim_status["allocatedResourceStatuses"]["storage"] == status
    assert "NodeResizeError" in bench.condition_types()
    assert "Unused" in bench.condition_types()
    message = next(c["message"] for c in bench.claim_status["conditions"] if c["type"] == "NodeResizeError")
    assert message.startswith("failed to expand pvc with rpc error: code = ")
    del bench.driver.failures["expand"]
    volume.refresh()
    assert bench.driver.methods.count("expand") == (2 if retried else 1)


def test_an_uncertain_expansion_says_nothing_in_the_claim(bench: Bench) -> None:
    volume = bench.attached_volume()
    bench.driver.failures["expand"] = grpc.StatusCode.UNAVAILABLE
    bench.grow("2Gi")
    with pytest.raises(VolumeError):
        volume.refresh()
    assert volume.refresh_at is not None
    assert "NodeResizeError" not in bench.condition_types()


def test_a_volume_of_several_nodes_is_expanded_here_after_another_node_finished(bench: Bench) -> None:
    bench.api.patch(PV, None, "pv", {"spec": {"accessModes": ["ReadWriteMany"]}})
    volume = bench.attached_volume()
    bench.api.patch(PV, None, "pv", {"spec": {"capacity": {"storage": "2Gi"}}})
    bench.api.patch(PVC, "ns", "c", {"status": {"capacity": {"storage": "2Gi"}}})
    volume.refresh()
    volume.refresh()
    assert bench.driver.methods.count("expand") == 1


def test_a_driver_that_wants_more_than_this_node_does_is_named(bench: Bench) -> None:
    bench.api.put(CSI_DRIVER, {"metadata": {"name": DRIVER}, "spec": {"tokenRequests": [{"audience": "a"}]}})
    with pytest.raises(VolumeError, match=r"spec\.tokenRequests is not supported"):
        bench.volume().set_up()


def test_an_attachment_that_the_authorizer_does_not_know_is_not_there_yet(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = bench.volume()
    find = bench.api.find

    def refusing(kind: Any, namespace: str | None, name: str) -> Json | None:
        if kind is VOLUME_ATTACHMENT:
            raise ApiError("GET", kind.path(namespace, name), 403, {"message": "no relationship found"})
        return find(kind, namespace, name)

    with monkeypatch.context() as patched:
        patched.setattr(bench.api, "find", refusing)
        with pytest.raises(NotYetError):
            volume.set_up()
    bench.attach()
    volume.set_up()
    assert bench.driver.methods == ["stage", "publish"]
