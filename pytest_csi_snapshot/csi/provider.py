"""A run at a driver's socket alone: the "cluster" is whoever answers there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_csi_snapshot.cluster import Cluster, Progress
from pytest_csi_snapshot.csi.endpoints import parse_endpoint
from pytest_csi_snapshot.csi.plugin import Plugin, reach
from pytest_csi_snapshot.errors import UsageTrouble

if TYPE_CHECKING:
    from pytest_csi_snapshot.settings import Settings

NAME = "endpoint"


class EndpointProvider:
    """Starts nothing and ends nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def create(self, progress: Progress) -> Cluster:
        """Find out who answers. Raises EnvironmentTrouble."""
        plugin = _reached(self._settings, progress)
        cluster = Cluster(NAME, "", "", plugin.name, "", "", "", versions=_version(plugin))
        return _with_socket(cluster, self._settings)

    def delete(self, progress: Progress) -> None:
        """Nothing was made."""


def add_socket(cluster: Cluster, settings: Settings, progress: Progress) -> Cluster:
    """The cluster, with the socket that the user has given besides. Raises EnvironmentTrouble, UsageTrouble."""
    plugin = _reached(settings, progress)
    if plugin.name != cluster.driver:
        raise UsageTrouble(
            f"the plugin at {settings.csi_endpoint} is {plugin.name}",
            why=f"the driver under test is {cluster.driver}",
        )
    versions = cluster.versions if "driver " in cluster.versions else f"{cluster.versions}, {_version(plugin)}"
    return _with_socket(replace(cluster, versions=versions), settings)


def _reached(settings: Settings, progress: Progress) -> Plugin:
    plugin = reach(parse_endpoint(settings.csi_endpoint))
    progress(f"{settings.csi_endpoint}: {plugin}")
    if settings.csi_node_endpoint:
        node = reach(parse_endpoint(settings.csi_node_endpoint))
        if node.name != plugin.name:
            raise UsageTrouble(
                f"{settings.csi_node_endpoint} is a socket of {node.name}",
                why=f"--csi-endpoint is one of {plugin.name}",
            )
    return plugin


def _with_socket(cluster: Cluster, settings: Settings) -> Cluster:
    node = str(parse_endpoint(settings.csi_node_endpoint)) if settings.csi_node_endpoint else ""
    return replace(cluster, endpoint=str(parse_endpoint(settings.csi_endpoint)), node_endpoint=node)


def _version(plugin: Plugin) -> str:
    return f"driver {plugin.version}" if plugin.version else ""
