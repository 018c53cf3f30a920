"""How far the expansion of a claim has got, read from its status.

The controller's part comes first, then the node's, where the driver asks for one (EXP-005, EXP-007).
"""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.conditions import Condition, grown, status_of

Json = dict[str, Any]

RESIZE_STATES = frozenset(
    f"{who}Resize{state}" for who in ("Controller", "Node") for state in ("InProgress", "Infeasible")
) | {"NodeResizePending"}
"""What ``status.allocatedResourceStatuses.storage`` may say (EXP-010)."""


def resize_state(claim: Json) -> str:
    """What a claim says about its growth, one of RESIZE_STATES; "" where nothing is under way."""
    return str((status_of(claim).get("allocatedResourceStatuses") or {}).get("storage", ""))


def allocated(claim: Json) -> str:
    """The size that was accepted for a claim, as a quantity; "" where it never grew (EXP-010, EXP-011)."""
    return str((status_of(claim).get("allocatedResources") or {}).get("storage", ""))


def refusal(claim: Json) -> str:
    """What the driver says where it refuses to grow a volume in its present use; "" where it does not.

    Told by the code that the CSI spec has for it, which the resizer repeats in its message (EXP-023).
    """
    errors = [c for c in status_of(claim).get("conditions") or [] if c["type"] == "ControllerResizeError"]
    return next((error["message"] for error in errors if "FailedPrecondition" in error.get("message", "")), "")


NODE_STEP_DUE = Condition("NodeResizePending", lambda claim: resize_state(claim) == "NodeResizePending")


def controller_done(size: int) -> Condition:
    """The node has its step to do, or nothing is left to do. ``size`` is in bytes."""
    done = grown(size)
    return Condition(
        f"{NODE_STEP_DUE.text}, or {done.text}", lambda claim: NODE_STEP_DUE.holds(claim) or done.holds(claim)
    )


def done_or_refused(size: int) -> Condition:
    """The controller's part is done, or the driver refuses the growth in the volume's present use."""
    done = controller_done(size)
    return Condition(f"{done.text}, or a refusal", lambda claim: done.holds(claim) or bool(refusal(claim)))
