"""The role ``driver``: serves CSI on a socket and registers with the kubelet, until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

# gRPC's fork handlers are for children that go on using it; ours are programs like mount.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

from .. import roles
from ..profiles import PROFILES
from ..traits import registry
from . import filesystems, registration
from .backend import Backend
from .holding import Holding
from .patience import DEFAULT as PATIENCE
from .patience import Patience
from .refusals import Refusal
from .services import Services

log = logging.getLogger("driver")

RETRY = 0.2
"""Seconds between two tries to reach the backend at the start: nothing tells when it is up."""
GRACE = 0.5
"""Seconds calls under way have at the end."""
LAST = 1.0
"""Seconds until it ends, whatever gRPC still waits for."""


def main(argv: list[str]) -> int:
    """Returns 2 for wrong arguments; after SIGTERM the process ends with 0."""
    options = _options(argv)
    try:
        roles.refuse_unknown("driver", options.fault)
        traits = registry.chosen(options.trait)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    roles.start_logging("httpx")
    ended, ready = threading.Event(), threading.Event()
    roles.end_on_signals(ended)
    backend, holding = Backend(options.backend_url, options.driver_name), Holding()
    profile, patience = PROFILES[options.profile], Patience(options.patience)
    services = Services.make(options.driver_name, options.node_id, backend, holding, profile, patience, ready,
                             options.filesystem)  # fmt: skip
    registry.apply(traits, services)
    roles.activate("driver", options.fault, services)
    servers = [services.server(options.endpoint)]
    servers[0].start()
    log.info("serving %s as %s on %s", options.driver_name, options.node_id, options.endpoint)
    if options.registration_dir:
        folder = options.registration_dir
        servers.append(registration.serve(options.driver_name, options.kubelet_registration_path, folder))
    _join(backend, options.node_id, holding, ready, ended)
    ended.wait()
    for stopping in [server.stop(GRACE) for server in reversed(servers)]:
        stopping.wait(LAST)
    logging.shutdown()
    # Not by returning: Python would wait for calls that wait for the backend, and a container has a second.
    os._exit(0)


def _join(
    backend: Backend, node_id: str, holding: Holding, ready: threading.Event, ended: threading.Event
) -> None:
    """Tell the backend of this node, and hold what is published here; until then Probe answers "not ready"."""
    while not ended.is_set():
        try:
            backend.nodes.register(node_id)
            holding.adopt(backend.volumes.devices(node_id))
        except Refusal as refusal:
            log.info("waiting for the backend: %s", refusal.message)
            ended.wait(RETRY)
        else:
            ready.set()
            return


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="driver", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the CSI socket, unix:///csi/csi.sock")
    parser.add_argument("--node-id", required=True, help="name of the Kubernetes node")
    parser.add_argument("--driver-name", default="driver.longhorn.io")
    parser.add_argument("--backend-url", required=True, help="http://longhorn-backend:9500/v1")
    parser.add_argument(
        "--registration-dir", type=Path, help="the kubelet's plugin registry; without it: no registration"
    )
    parser.add_argument("--kubelet-registration-path", default="", help="the CSI socket as the kubelet sees it")
    roles.add_profile(parser)
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds a call waits for a backup or a restore"
    )
    parser.add_argument(
        "--filesystem",
        choices=("ext4", "xfs"),
        default=filesystems.DEFAULT,
        help="what the StorageClass here asks for: of it the driver says whether it grows while in use",
    )
    parser.add_argument(
        "--trait",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="be like another driver in this",
    )
    roles.add_fault(parser)
    return parser.parse_args(argv)
