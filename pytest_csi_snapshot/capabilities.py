"""Capabilities: what a profile may declare of a driver, and how each is seen in a cluster.

A clause says what it needs (``requirements.NEEDS``); a capability is such a need under the name that people use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Capability:
    """``need`` is a key of NEEDS; ``testdriver`` the name in Kubernetes' own driver files, ``rpc`` that in the
    answers of the driver itself, of its controller or group controller; "" for none."""

    need: str
    testdriver: str = ""
    rpc: str = ""


CAPABILITIES: Mapping[str, Capability] = {
    "snapshots": Capability("snap", "snapshotDataSource", "CREATE_DELETE_SNAPSHOT"),
    "listSnapshots": Capability("list", rpc="LIST_SNAPSHOTS"),
    "clones": Capability("clone", "pvcDataSource", "CLONE_VOLUME"),
    "expansion": Capability("xc", "controllerExpansion", "EXPAND_VOLUME"),
    "nodeExpansion": Capability("xn", "nodeExpansion"),
    "onlineExpansion": Capability("xon", "onlineExpansion"),
    "offlineExpansion": Capability("xoff", "offlineExpansion"),
    "block": Capability("blk", "block"),
    "filesystemGrowth": Capability("grow"),
    "groupSnapshots": Capability("group", "groupSnapshot", "CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT"),
}
"""Name in a profile -> what it is."""

NEED_OF: Mapping[str, str] = {each.rpc: each.need for each in CAPABILITIES.values() if each.rpc}
"""A capability by the driver's own name of it -> the need that it fulfils."""

NAMES: Mapping[str, str] = {capability.need: name for name, capability in CAPABILITIES.items()}
"""Need -> the capability that fulfils it; other needs are not the driver's to declare."""
