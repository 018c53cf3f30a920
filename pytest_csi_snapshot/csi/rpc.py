"""What a test at the socket is given: the verbs, the plugin's capabilities, and a clean end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, NoReturn

from pytest_csi_snapshot.allowances import MOUNT
from pytest_csi_snapshot.csi.calls import Line
from pytest_csi_snapshot.csi.capabilities import Capabilities, read_capabilities
from pytest_csi_snapshot.csi.endpoints import parse_endpoint
from pytest_csi_snapshot.csi.inputs import Inputs, of_class, read_parameters, read_secrets
from pytest_csi_snapshot.csi.nodes import NodeCalls
from pytest_csi_snapshot.csi.plugin import Plugin
from pytest_csi_snapshot.csi.snapshots import SnapshotCalls
from pytest_csi_snapshot.csi.wire import csi_pb2
from pytest_csi_snapshot.redacting import REDACTOR

if TYPE_CHECKING:
    import pytest

    from pytest_csi_snapshot.cluster import Cluster
    from pytest_csi_snapshot.recorder import Recorder
    from pytest_csi_snapshot.settings import Settings


class Rpc(NodeCalls, SnapshotCalls):
    """All verbs of a test at a CSI socket."""


@contextmanager
def open_rpc(cluster: Cluster, settings: Settings, recorder: Recorder) -> Iterator[Rpc]:
    """The verbs for one test, at ``cluster.endpoint``. Raises DeadPluginError where nothing answers any more."""
    line, plugin, capabilities, inputs = _post(cluster, settings)
    line.check_alive("before the test")
    rpc = Rpc(
        line,
        plugin,
        capabilities,
        inputs,
        recorder,
        staging=settings.csi_staging_dir,
        snapshot_limit=settings.snapshot_limit,
        may_mount=MOUNT in settings.csi_allow,
    )
    rpc.sizes, rpc.limits = cluster.bounds.sizes, cluster.bounds.limits
    try:
        yield rpc
    finally:
        rpc.close()


def out_of_sight(item: pytest.Item, recorder: Recorder) -> NoReturn:
    """End a test as unknown: the socket of the driver is where this process cannot reach."""
    clause = next(clause for mark in item.iter_markers("csi_clause") for clause in mark.args)
    recorder.unknown(clause, "the driver's CSI socket is in a kind node, which only root on the Docker engine's "
                             "own machine can look into")  # fmt: skip


@cache
def _line(endpoint: str, node_endpoint: str, secrets: tuple[str, ...]) -> Line:
    node = parse_endpoint(node_endpoint) if node_endpoint else None
    return Line(parse_endpoint(endpoint), node, secrets=secrets)


_posts: dict[Cluster, tuple[Line, Plugin, Capabilities, Inputs]] = {}


def _post(cluster: Cluster, settings: Settings) -> tuple[Line, Plugin, Capabilities, Inputs]:
    """What all tests of this process share, made at the first call."""
    if cluster not in _posts:
        inputs = _inputs(cluster, settings)
        for secret in inputs.secret_values:
            REDACTOR.hide(secret)
        line = _line(cluster.endpoint, cluster.node_endpoint, inputs.secret_values)
        info = line.ask(csi_pb2.GetPluginInfoRequest()).response
        _posts[cluster] = line, Plugin(info.name, info.vendor_version), read_capabilities(line), inputs
    return _posts[cluster]


def _inputs(cluster: Cluster, settings: Settings) -> Inputs:
    """What the files say; where there is none, what the classes of the cluster say, if there is a cluster."""
    files = settings.csi_parameters, settings.csi_snapshot_parameters
    parameters, snapshot_parameters = ((read_parameters(path) if path else None) for path in files)
    if cluster.provider != "endpoint":
        from pytest_csi_snapshot.kube.client import KubeClient
        from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CLASS, STORAGE_CLASS
        from pytest_csi_snapshot.kube.repeating import lost, repeating

        client = KubeClient.from_kubeconfig(cluster.kubeconfig or None, cluster.context or None)
        read = partial(repeating(lost), client.get)
        if parameters is None:
            parameters = read(STORAGE_CLASS, None, cluster.storage_class).get("parameters")
        if snapshot_parameters is None and cluster.snapshot_class:
            snapshot_parameters = read(SNAPSHOT_CLASS, None, cluster.snapshot_class).get("parameters")
    of_volumes, fs_type = of_class(parameters or {})
    return Inputs(
        secrets=read_secrets(settings.csi_secrets) if settings.csi_secrets else {},
        parameters=of_volumes,
        fs_type=fs_type,
        snapshot_parameters=of_class(snapshot_parameters or {})[0],
    )
