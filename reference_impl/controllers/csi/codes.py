"""gRPC codes of CSI calls, and which of them say what about the outcome (facts: §19 "gRPC classes").

A code is *final* when the driver has stopped working on the call. Anything else may still be running, so
what it makes must be neither forgotten nor made under another name.
"""

from __future__ import annotations

from grpc import StatusCode

MAYBE_RUNNING = frozenset(
    {
        StatusCode.CANCELLED,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.UNAVAILABLE,
        StatusCode.RESOURCE_EXHAUSTED,
        StatusCode.ABORTED,
    }
)
"""CreateSnapshot and ControllerExpandVolume (clauses ERR-005, EXP-014)."""

MAYBE_PROVISIONING = MAYBE_RUNNING - {StatusCode.RESOURCE_EXHAUSTED}
"""CreateVolume: there RESOURCE_EXHAUSTED means that this place is full."""

INFEASIBLE = frozenset({StatusCode.INVALID_ARGUMENT, StatusCode.OUT_OF_RANGE, StatusCode.NOT_FOUND})
"""ControllerExpandVolume: will not succeed as it was asked (clause EXP-013)."""

_NAMES = {
    StatusCode.CANCELLED: "Canceled",
    StatusCode.OK: "OK",
}


class CsiError(Exception):
    """A call that did not succeed. ``str()`` reads as in Go, since users know it from upstream sidecars."""

    def __init__(self, code: StatusCode, details: str) -> None:
        self.code = code
        self.details = details
        super().__init__(f"rpc error: code = {spelled(code)} desc = {details}")


def spelled(code: StatusCode) -> str:
    """A code as Go spells it: ``NotFound``, ``DeadlineExceeded``."""
    return _NAMES.get(code) or "".join(part.capitalize() for part in code.name.split("_"))
