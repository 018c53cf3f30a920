"""The services of one driver process, made together and served on one socket."""

from __future__ import annotations

import threading
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path

import grpc

from ..profiles import Profile
from ..wire import csi_pb2_grpc
from . import filesystems
from .backend import Backend
from .controller import Controller
from .groups import GroupController
from .holding import Holding
from .identity import Identity
from .node import Node
from .patience import Patience
from .refusals import Answering

THREADS = 64
"""Calls at once. Some wait for a backup or a restore, and those of pods must not wait for them."""


@dataclass(frozen=True)
class Services:
    """What a fault may wrap; methods are looked up when they are served, so wrap them before."""

    identity: Identity
    controller: Controller
    groups: GroupController | None
    """None in a profile that has none."""
    node: Node

    @classmethod
    def make(
        cls,
        name: str,
        node_id: str,
        backend: Backend,
        holding: Holding,
        profile: Profile,
        patience: Patience,
        ready: threading.Event,
        filesystem: str = filesystems.DEFAULT,
    ) -> Services:
        """``ready`` is set once the backend knows the node; ``filesystem`` is the one that volumes have here."""
        return cls(
            identity=Identity(name, profile, ready.is_set, filesystem),
            controller=Controller(backend, profile, patience),
            groups=GroupController(backend) if profile.modern_driver else None,
            node=Node(backend, node_id, holding),
        )

    def server(self, endpoint: str) -> grpc.Server:
        """A server on ``endpoint``, e.g. unix:///csi/csi.sock, not started. A stale socket is removed."""
        server = grpc.server(futures.ThreadPoolExecutor(THREADS), interceptors=[Answering()])
        csi_pb2_grpc.add_IdentityServicer_to_server(self.identity, server)
        csi_pb2_grpc.add_ControllerServicer_to_server(self.controller, server)
        if self.groups is not None:
            csi_pb2_grpc.add_GroupControllerServicer_to_server(self.groups, server)
        csi_pb2_grpc.add_NodeServicer_to_server(self.node, server)
        bind(server, endpoint)
        return server


def bind(server: grpc.Server, endpoint: str) -> None:
    """Bind ``server`` to a unix socket that may be there from a process that was killed."""
    path = Path(endpoint.removeprefix("unix://"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server.add_insecure_port(f"unix://{path}")
