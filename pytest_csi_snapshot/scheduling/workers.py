"""How many workers are worth it. Pure, but for the look at how many cores there are.

Tests wait more than they work, so there are more workers than cores. On a cluster of our own everything is on
this machine, the control plane, the driver and the pods too, and its cores set the limit. On somebody's cluster a
worker only asks and listens; what limits there is how many volumes a node attaches and mounts side by side.
"""

from __future__ import annotations

import os

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.settings import OWN_CLUSTERS, Settings

PER_CORE = 2
"""Workers for each core of this machine, where all of the cluster runs on it: of the seconds that a test lasts
when nothing runs beside it, all processes together compute for about half."""

LISTENERS_PER_CORE = 8
"""Workers for each core, where the cluster is elsewhere."""

PER_NODE = 4
"""Workers for each node: a kubelet starts pods one beside the other, but attaches and mounts take turns there."""

USUAL_NODES = 2
"""Where it is not known how many there are."""

MOST = 32
"""Workers of one run: past that it is its own load that a cluster shows."""

APART = 2.0
"""By how much ``-n`` has to differ to be worth a word."""


def cores() -> int:
    """Those of this machine that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def recommended(*, nodes: int, cores: int, here: bool) -> int:
    """Workers for a cluster of so many nodes, 0 for unknown, that runs on this machine (``here``) or elsewhere."""
    if here:
        return max(2, min(PER_CORE * cores, MOST))
    return max(2, min(PER_NODE * (nodes or USUAL_NODES), LISTENERS_PER_CORE * cores, MOST))


def recommended_for(settings: Settings, cluster: Cluster | None) -> int:
    """The same for a run; without a cluster, as before there is one, by what its settings say."""
    provider = cluster.provider if cluster else settings.csi_cluster
    here = provider in OWN_CLUSTERS or settings.at_socket_only
    return recommended(nodes=cluster.nodes if cluster else 0, cores=cores(), here=here)


def advice(workers: int, wanted: int) -> str:
    """What is said about ``-n``; "" where it is near what is recommended."""
    if workers * APART > wanted and workers < wanted * APART:
        return ""
    now = "one test at a time" if workers == 1 else f"{workers} workers"
    return f"{now}; for this cluster and machine -n {wanted} is recommended (-n auto)"
