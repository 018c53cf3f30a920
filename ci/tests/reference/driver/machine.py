"""A backend and a driver as processes of their own, and a client for each service of the driver.

Its directory must have a short name: a unix socket's path has room for 107 characters.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc

from pytest_csi_snapshot.reference_impl.backend.release import release
from pytest_csi_snapshot.reference_impl.linux import mountinfo
from pytest_csi_snapshot.reference_impl.wire import csi_pb2, csi_pb2_grpc

MIB = 1 << 20
NODE = "node-1"


class Role:
    """One role as a process that can be killed and started again."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self._folder = folder
        self._name = name
        self.program = ["-m", "pytest_csi_snapshot.reference_impl"]
        self._arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> None:
        with (self._folder / f"{self._name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, self._name, *self._arguments, *more],
                stdout=log,
                stderr=log,
            )

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def said(self) -> str:
        return (self._folder / f"{self._name}.log").read_text()


def channel(at: Path) -> grpc.Channel:
    """To a driver's socket. A first try before it is there must not cost gRPC's default second of waiting."""
    return grpc.insecure_channel(
        f"unix://{at}",
        options=[("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)],
    )


def becomes_ready(opened: grpc.Channel) -> bool:
    """Whether the driver says so in time; there is nothing to wait on but the answer."""
    identity, end = csi_pb2_grpc.IdentityStub(opened), time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(grpc.RpcError):
            if identity.Probe(csi_pb2.ProbeRequest(), wait_for_ready=True, timeout=5).ready.value:
                return True
        time.sleep(0.02)
    return False


class Machine:
    """One node with everything on it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.api = f"http://127.0.0.1:{port}/v1"
        self.data = folder / "data"
        self.kubelet = folder / "kubelet"
        self.socket = folder / "csi.sock"
        self.registry = folder / "registry"
        self.registry.mkdir()
        self.backend = Role(folder, "backend", "--listen", f"127.0.0.1:{port}", "--data", str(self.data))
        self.driver = Role(
            folder,
            "driver",
            *self.driver_at(self.socket),
            "--registration-dir",
            str(self.registry),
            "--kubelet-registration-path",
            str(self.socket),
        )
        self.channel = channel(self.socket)
        self.identity = csi_pb2_grpc.IdentityStub(self.channel)
        self.controller = csi_pb2_grpc.ControllerStub(self.channel)
        self.groups = csi_pb2_grpc.GroupControllerStub(self.channel)
        self.node = csi_pb2_grpc.NodeStub(self.channel)

    def start(self) -> None:
        """Both roles, until they serve."""
        self.backend.start()
        self.driver.start()
        self.ready()

    def ready(self) -> None:
        """Until the driver says so."""
        if not becomes_ready(self.channel):
            raise AssertionError(f"not ready: {self.backend.said()} {self.driver.said()}")

    def driver_at(self, at: Path) -> list[str]:
        """Arguments of a driver on this node, served at a socket."""
        return ["--endpoint", f"unix://{at}", "--node-id", NODE, "--backend-url", self.api]

    @contextlib.contextmanager
    def another_driver(self, name: str) -> Iterator[None]:
        """Another one on this node, with the same backend, once it is ready."""
        at = self.folder / "another.sock"
        role = Role(self.folder, "driver", *self.driver_at(at), "--driver-name", name)
        role.start()
        try:
            with channel(at) as opened:
                assert becomes_ready(opened), role.said()
                yield
        finally:
            role.stop()

    def create(
        self, name: str, capability: csi_pb2.VolumeCapability, mib: int = 16, source: str = ""
    ) -> csi_pb2.Volume:
        """A volume; ``source`` is the id of a snapshot or of a volume."""
        content = None
        if "://" in source:
            snapshot = csi_pb2.VolumeContentSource.SnapshotSource(snapshot_id=source)
            content = csi_pb2.VolumeContentSource(snapshot=snapshot)
        elif source:
            volume = csi_pb2.VolumeContentSource.VolumeSource(volume_id=source)
            content = csi_pb2.VolumeContentSource(volume=volume)
        return self.controller.CreateVolume(
            csi_pb2.CreateVolumeRequest(
                name=name,
                capacity_range=csi_pb2.CapacityRange(required_bytes=mib * MIB),
                volume_capabilities=[capability],
                volume_content_source=content,
            ),
            timeout=30,
        ).volume

    def staging(self, volume: str) -> Path:
        path = self.kubelet / "staging" / volume
        path.mkdir(parents=True, exist_ok=True)
        return path

    def target(self, volume: str, pod: str = "pod-1") -> Path:
        path = self.kubelet / "pods" / pod / "volumes" / volume / "mount"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def attach(self, volume: str, capability: csi_pb2.VolumeCapability) -> str:
        return self.controller.ControllerPublishVolume(
            csi_pb2.ControllerPublishVolumeRequest(volume_id=volume, node_id=NODE, volume_capability=capability),
            timeout=30,
        ).publish_context["devicePath"]

    def stage(self, volume: str, capability: csi_pb2.VolumeCapability) -> None:
        self.node.NodeStageVolume(
            csi_pb2.NodeStageVolumeRequest(
                volume_id=volume, staging_target_path=str(self.staging(volume)), volume_capability=capability
            ),
            timeout=30,
        )

    def publish(
        self, volume: str, capability: csi_pb2.VolumeCapability, pod: str = "pod-1", *, read_only: bool = False
    ) -> Path:
        self.node.NodePublishVolume(
            csi_pb2.NodePublishVolumeRequest(
                volume_id=volume,
                staging_target_path=str(self.staging(volume)),
                target_path=str(self.target(volume, pod)),
                volume_capability=capability,
                readonly=read_only,
            ),
            timeout=30,
        )
        return self.target(volume, pod)

    def use(self, volume: str, capability: csi_pb2.VolumeCapability, pod: str = "pod-1") -> Path:
        """What a kubelet does for a pod, up to the path the pod sees."""
        self.attach(volume, capability)
        self.stage(volume, capability)
        return self.publish(volume, capability, pod)

    def unuse(self, volume: str, pod: str = "pod-1") -> None:
        """What a kubelet does after the pod."""
        self.node.NodeUnpublishVolume(
            csi_pb2.NodeUnpublishVolumeRequest(volume_id=volume, target_path=str(self.target(volume, pod))),
            timeout=30,
        )
        self.node.NodeUnstageVolume(
            csi_pb2.NodeUnstageVolumeRequest(volume_id=volume, staging_target_path=str(self.staging(volume))),
            timeout=30,
        )
        self.controller.ControllerUnpublishVolume(
            csi_pb2.ControllerUnpublishVolumeRequest(volume_id=volume, node_id=NODE), timeout=30
        )

    def snapshot(self, volume: str, name: str, **parameters: str) -> csi_pb2.Snapshot:
        """Of the type "snap" unless ``parameters`` say otherwise."""
        request = csi_pb2.CreateSnapshotRequest(
            source_volume_id=volume, name=name, parameters={"type": "snap", **parameters}
        )
        return self.controller.CreateSnapshot(request, timeout=30).snapshot

    def backup(self, volume: str, name: str, **parameters: str) -> csi_pb2.Snapshot:
        """A snapshot of the type "bak" when it is ready. Its callers have nothing to wait on but to ask again."""
        end = time.monotonic() + 30
        while not (snapshot := self.snapshot(volume, name, type="bak", **parameters)).ready_to_use:
            assert time.monotonic() < end, snapshot
            time.sleep(0.02)
        return snapshot

    def delete_snapshot(self, snapshot: csi_pb2.Snapshot) -> None:
        request = csi_pb2.DeleteSnapshotRequest(snapshot_id=snapshot.snapshot_id)
        self.controller.DeleteSnapshot(request, timeout=30)

    def group(self, name: str, *volumes: str, **parameters: str) -> csi_pb2.VolumeGroupSnapshot:
        return self.groups.CreateVolumeGroupSnapshot(
            csi_pb2.CreateVolumeGroupSnapshotRequest(name=name, source_volume_ids=volumes, parameters=parameters),
            timeout=30,
        ).group_snapshot

    def expand(
        self, volume: str, capability: csi_pb2.VolumeCapability, mib: int
    ) -> csi_pb2.ControllerExpandVolumeResponse:
        return self.controller.ControllerExpandVolume(
            csi_pb2.ControllerExpandVolumeRequest(
                volume_id=volume,
                capacity_range=csi_pb2.CapacityRange(required_bytes=mib * MIB),
                volume_capability=capability,
            ),
            timeout=30,
        )

    def clear(self) -> None:
        """Everything gone, as teardown does it; whatever a test left is a failure."""
        self.channel.close()
        with contextlib.ExitStack() as stopping:  # the driver first; and the backend if that one hangs
            for role in (self.backend, self.driver):
                if role.process is not None and role.process.poll() is None:
                    stopping.callback(role.stop)
        for mount in reversed(mountinfo.mounts()):
            if mount.point.is_relative_to(self.kubelet):
                subprocess.run(["umount", str(mount.point)], check=True)
        assert release(self.data) == []
        assert not [mount for mount in mountinfo.mounts() if mount.point.is_relative_to(self.folder)]
        shutil.rmtree(self.folder)


def mount_capability(fstype: str = "ext4", mode: str = "SINGLE_NODE_WRITER") -> csi_pb2.VolumeCapability:
    return csi_pb2.VolumeCapability(
        mount=csi_pb2.VolumeCapability.MountVolume(fs_type=fstype),
        access_mode=csi_pb2.VolumeCapability.AccessMode(mode=mode),
    )


def block_capability(mode: str = "SINGLE_NODE_WRITER") -> csi_pb2.VolumeCapability:
    return csi_pb2.VolumeCapability(
        block=csi_pb2.VolumeCapability.BlockVolume(),
        access_mode=csi_pb2.VolumeCapability.AccessMode(mode=mode),
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
