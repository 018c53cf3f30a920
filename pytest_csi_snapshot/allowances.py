"""What a run may do beyond its own objects, and only where the user allows it: ``--csi-allow``."""

from __future__ import annotations

CLUSTER_STATE = "cluster-state"
DISRUPTIVE = "disruptive"
MOUNT = "mount"

ALLOWANCES = {
    CLUSTER_STATE: "change what the whole cluster shares, until the test ends: which classes are defaults",
    DISRUPTIVE: "end controllers, which their Deployments start again",
    MOUNT: "have the driver at --csi-endpoint mount volumes on this machine",
}
"""Name -> what it lets tests do."""

NONE: frozenset[str] = frozenset()
ALL = frozenset(ALLOWANCES)


def lacking(allowance: str, what: str) -> str:
    """The reason why something is not done: ``what`` it would do, and the option that allows it."""
    return f"{what}: needs --csi-allow={allowance}"
