"""A driver and an API server for the node's tests, both in this process: they do nothing but remember."""

# The generated base classes choose the names of methods and arguments.
# ruff: noqa: N802
from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from pytest_csi_snapshot.csi.wire import csi_pb2 as csi
from pytest_csi_snapshot.csi.wire import csi_pb2_grpc, registration_pb2, registration_pb2_grpc
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError

Json = dict[str, Any]
RPC = csi.NodeServiceCapability.RPC


class FakeDriver(csi_pb2_grpc.NodeServicer):
    """Answers with success, or with the code in ``failures`` for a method; ``calls`` holds (method, request)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.failures: dict[str, grpc.StatusCode] = {}

    @property
    def methods(self) -> list[str]:
        """The names of the calls in order."""
        return [name for name, _ in self.calls]

    def _note(self, method: str, request: Any, context: Any) -> None:
        self.calls.append((method, request))
        if method in self.failures:
            context.abort(self.failures[method], "as ordered")

    def NodeGetInfo(self, request: Any, context: Any) -> Any:
        topology = csi.Topology(segments={"fake.test/zone": "z"})
        return csi.NodeGetInfoResponse(node_id="id-1", max_volumes_per_node=7, accessible_topology=topology)

    def NodeGetCapabilities(self, request: Any, context: Any) -> Any:
        kinds = (RPC.STAGE_UNSTAGE_VOLUME, RPC.EXPAND_VOLUME)
        return csi.NodeGetCapabilitiesResponse(
            capabilities=[csi.NodeServiceCapability(rpc=RPC(type=kind)) for kind in kinds]
        )

    def NodeStageVolume(self, request: Any, context: Any) -> Any:
        self._note("stage", request, context)
        return csi.NodeStageVolumeResponse()

    def NodeUnstageVolume(self, request: Any, context: Any) -> Any:
        self._note("unstage", request, context)
        return csi.NodeUnstageVolumeResponse()

    def NodePublishVolume(self, request: Any, context: Any) -> Any:
        self._note("publish", request, context)
        Path(request.target_path).mkdir()
        return csi.NodePublishVolumeResponse()

    def NodeUnpublishVolume(self, request: Any, context: Any) -> Any:
        self._note("unpublish", request, context)
        return csi.NodeUnpublishVolumeResponse()

    def NodeExpandVolume(self, request: Any, context: Any) -> Any:
        self._note("expand", request, context)
        return csi.NodeExpandVolumeResponse(capacity_bytes=request.capacity_range.required_bytes)


class FakeRegistration(registration_pb2_grpc.RegistrationServicer):
    """Registers a driver; ``told`` is set with the node's verdict."""

    def __init__(self, name: str, endpoint: Path, versions: tuple[str, ...] = ("1.0.0",)) -> None:
        self._info = registration_pb2.PluginInfo(
            type="CSIPlugin", name=name, endpoint=str(endpoint), supported_versions=versions
        )
        self.told = threading.Event()
        self.verdict: Any = None

    def GetInfo(self, request: Any, context: Any) -> Any:
        return self._info

    def NotifyRegistrationStatus(self, request: Any, context: Any) -> Any:
        self.verdict = request
        self.told.set()
        return registration_pb2.RegistrationStatusResponse()


@contextmanager
def served(socket: Path, add: Callable[[Any, Any], None], servicer: Any) -> Iterator[None]:
    """A gRPC service on a unix socket."""
    server = grpc.server(ThreadPoolExecutor(4))
    add(servicer, server)
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    try:
        yield
    finally:
        server.stop(None).wait()
        socket.unlink(missing_ok=True)


class FakeApi:
    """The verbs of KubeClient that the node uses on single objects; a merge patch is really merged."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str | None, str], Json] = {}
        self.writes: list[tuple[str, str, Json]] = []
        self._version = 0

    def put(self, kind: Kind, item: Json) -> None:
        """Have an object exist."""
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        self.objects[kind.kind, item["metadata"].get("namespace"), item["metadata"]["name"]] = item

    def find(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        return copy.deepcopy(self.objects.get((kind.kind, namespace, name)))

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        found = self.find(kind, namespace, name)
        if found is None:
            raise ApiError("GET", kind.path(namespace, name), 404, {"reason": "NotFound"})
        return found

    def create(self, kind: Kind, body: Json) -> Json:
        self.put(kind, copy.deepcopy(body))
        return body

    def replace(self, kind: Kind, body: Json) -> Json:
        self.put(kind, copy.deepcopy(body))
        return body

    def patch(self, kind: Kind, namespace: str | None, name: str, body: Json, **_: Any) -> Json:
        item = self.get(kind, namespace, name)
        asked = body.get("metadata", {}).get("resourceVersion")
        if asked and asked != item["metadata"]["resourceVersion"]:
            raise ApiError("PATCH", kind.path(namespace, name), 409, {"reason": "Conflict"})
        self.writes.append((kind.kind, name, body))
        self.put(kind, _merged(item, body))
        return self.get(kind, namespace, name)


def _merged(item: Json, change: Json) -> Json:
    merged = dict(item)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merged(merged.get(key) or {}, value)
        else:
            merged[key] = value
    return merged


class FakeMirror:
    """A mirror that sees the fake API at once."""

    def __init__(self, api: FakeApi, kind: Kind) -> None:
        self._api = api
        self._kind = kind
        self.synced = threading.Event()
        self.synced.set()

    def get(self, namespace: str | None, name: str) -> Json | None:
        return self._api.find(self._kind, namespace, name)
