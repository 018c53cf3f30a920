"""Command-line options that all controllers have in common, named as the upstream ones name them."""

from __future__ import annotations

import argparse
import os
import re
import socket
from collections.abc import Callable

from ... import roles
from .queue import Backoff

Arguments = argparse.Namespace
Sync = Callable[[str], None]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> float:
    """Seconds of a duration such as ``500ms``, ``15s``, ``1m30s``."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"not a duration: {text!r} (examples: 500ms, 15s, 1m30s)")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def boolean(text: str) -> bool:
    """``true`` or ``false``."""
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"neither true nor false: {text!r}")
    return text == "true"


def feature_gates(text: str) -> dict[str, bool]:
    """Gate -> on, of ``A=true,B=false``."""
    gates = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        gates[name] = boolean(value)
    return gates


def parser(role: str, summary: str) -> argparse.ArgumentParser:
    """The options of every role; a role adds its own."""
    options = argparse.ArgumentParser(prog=role, description=summary)
    add = options.add_argument
    add("--kubeconfig", help="a kubeconfig file, for use outside of a cluster")
    add("--kube-api-qps", type=float, default=0.0, help="requests per second to the API server; 0: no limit")
    add("--kube-api-burst", type=int, default=10, help="requests at once where --kube-api-qps is set")
    add("--worker-threads", "--workers", type=int, default=10, help="objects worked on at once")
    add("--retry-interval-start", type=duration, default=1.0, help="pause after the first failure; doubles")
    add("--retry-interval-max", type=duration, default=300.0, help="longest pause between two tries")
    add("--leader-election", action="store_true", help="work only while holding the role's Lease")
    add("--leader-election-namespace", default=os.environ.get("NAMESPACE", ""), help="where the Lease lies")
    add("--leader-election-identity", default=os.environ.get("POD_NAME") or socket.gethostname())
    add("--leader-election-lease-duration", type=duration, default=15.0)
    add("--leader-election-renew-deadline", type=duration, default=10.0)
    add("--leader-election-retry-period", type=duration, default=5.0)
    roles.add_fault(options)
    return options


def csi(options: argparse.ArgumentParser, *, timeout: float) -> None:
    """Add the options of a sidecar: where the driver is, and how long one call may take (seconds)."""
    options.add_argument("--csi-address", default="/run/csi/socket", help="path of the driver's socket")
    options.add_argument("--timeout", type=duration, default=timeout, help="limit of one CSI call")


def node_deployment(options: argparse.ArgumentParser) -> None:
    """Add the options of a sidecar that runs on each node, for volumes and snapshots of that node."""
    options.add_argument(
        "--node-deployment", action="store_true", help="serve the node that NODE_NAME in the environment names"
    )
    options.set_defaults(node_name=os.environ.get("NODE_NAME", ""))


def own_node(args: argparse.Namespace) -> str | None:
    """The node that this instance serves, None where it serves all."""
    return args.node_name if args.node_deployment else None


def backoff(args: argparse.Namespace) -> Backoff:
    """The back-off that the options ask for; one for each queue."""
    return Backoff(args.retry_interval_start, args.retry_interval_max)
