"""A CSI driver for the node's tests: its volumes are tmpfs mounts, and it writes each call down as a JSON line.

Runs in a privileged pod like a real one: ``python fake_driver.py DRIVER_NAME NODE_ID``, with the usual three
hostPath mounts (/csi, /registration, /var/lib/kubelet). Faults: a file ``/csi/fail-<Method>`` holds the name of
the code that the method is to answer with.
"""

# The generated base classes choose the names of methods and arguments.
# ruff: noqa: N802, ARG002
from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from pytest_csi_snapshot.csi.wire import csi_pb2 as csi
from pytest_csi_snapshot.csi.wire import csi_pb2_grpc, registration_pb2, registration_pb2_grpc

PLUGIN = Path("/csi")


def note(method: str, request: Any, context: grpc.ServicerContext) -> None:
    """Write a call down, and fail it if told so."""
    entry = {"method": method, "volume": request.volume_id}
    for field in ("staging_target_path", "target_path", "volume_path", "readonly"):
        if hasattr(request, field):
            entry[field] = getattr(request, field)
    if hasattr(request, "publish_context"):
        entry["publish_context"] = dict(request.publish_context)
    if hasattr(request, "capacity_range"):
        entry["required_bytes"] = request.capacity_range.required_bytes
    with (PLUGIN / "calls.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")
    order = PLUGIN / f"fail-{method}"
    if order.exists():
        context.abort(grpc.StatusCode[order.read_text().strip()], f"{method} fails as ordered")


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True)


def mounted(path: str) -> bool:
    """Whether something is mounted at the path."""
    return any(line.split()[4] == path for line in Path("/proc/self/mountinfo").read_text().splitlines())


class Node(csi_pb2_grpc.NodeServicer):
    """The node service."""

    def __init__(self, node_id: str) -> None:
        self._node_id = node_id

    def NodeGetInfo(self, request: Any, context: Any) -> Any:
        topology = csi.Topology(segments={"fake.test/node": self._node_id})
        return csi.NodeGetInfoResponse(node_id=self._node_id, max_volumes_per_node=7, accessible_topology=topology)

    def NodeGetCapabilities(self, request: Any, context: Any) -> Any:
        rpc = csi.NodeServiceCapability.RPC
        kinds = (rpc.STAGE_UNSTAGE_VOLUME, rpc.EXPAND_VOLUME)
        return csi.NodeGetCapabilitiesResponse(
            capabilities=[csi.NodeServiceCapability(rpc=rpc(type=kind)) for kind in kinds]
        )

    def NodeStageVolume(self, request: Any, context: Any) -> Any:
        note("NodeStageVolume", request, context)
        if request.volume_capability.HasField("mount") and not mounted(request.staging_target_path):
            run("mount", "-t", "tmpfs", "fake", request.staging_target_path)
        return csi.NodeStageVolumeResponse()

    def NodeUnstageVolume(self, request: Any, context: Any) -> Any:
        note("NodeUnstageVolume", request, context)
        if mounted(request.staging_target_path):
            run("umount", request.staging_target_path)
        return csi.NodeUnstageVolumeResponse()

    def NodePublishVolume(self, request: Any, context: Any) -> Any:
        note("NodePublishVolume", request, context)
        target = Path(request.target_path)
        if request.volume_capability.HasField("block"):
            target.touch()
            source = "/dev/zero"  # stands for the volume's device: a node that is there on each machine
        else:
            target.mkdir(exist_ok=True)
            source = request.staging_target_path
        if not mounted(request.target_path):
            run("mount", "--bind", source, request.target_path)
        return csi.NodePublishVolumeResponse()

    def NodeUnpublishVolume(self, request: Any, context: Any) -> Any:
        note("NodeUnpublishVolume", request, context)
        target = Path(request.target_path)
        if mounted(request.target_path):
            run("umount", request.target_path)
        if target.is_dir():
            target.rmdir()
        else:
            target.unlink(missing_ok=True)
        return csi.NodeUnpublishVolumeResponse()

    def NodeExpandVolume(self, request: Any, context: Any) -> Any:
        note("NodeExpandVolume", request, context)
        return csi.NodeExpandVolumeResponse(capacity_bytes=request.capacity_range.required_bytes)


class Registration(registration_pb2_grpc.RegistrationServicer):
    """Makes the driver known to the node."""

    def __init__(self, name: str) -> None:
        self._name = name

    def GetInfo(self, request: Any, context: Any) -> Any:
        endpoint = f"/var/lib/kubelet/plugins/{self._name}/csi.sock"
        return registration_pb2.PluginInfo(
            type="CSIPlugin", name=self._name, endpoint=endpoint, supported_versions=["1.0.0"]
        )

    def NotifyRegistrationStatus(self, request: Any, context: Any) -> Any:
        print(f"registered: {request.plugin_registered} {request.error}", flush=True)
        return registration_pb2.RegistrationStatusResponse()


def serve(socket: Path, add: Any, servicer: Any) -> grpc.Server:
    """One server on a unix socket."""
    socket.unlink(missing_ok=True)
    server = grpc.server(ThreadPoolExecutor(8))
    add(servicer, server)
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    return server


def main() -> None:
    name, node_id = sys.argv[1:]
    sockets = [PLUGIN / "csi.sock", Path("/registration") / f"{name}-reg.sock"]
    servers = [
        serve(sockets[0], csi_pb2_grpc.add_NodeServicer_to_server, Node(node_id)),
        serve(sockets[1], registration_pb2_grpc.add_RegistrationServicer_to_server, Registration(name)),
    ]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    for server in servers:
        server.stop(grace=0.2)
    for socket in sockets:
        socket.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
