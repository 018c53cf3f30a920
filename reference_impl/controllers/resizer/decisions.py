"""What is to be done for a claim that wants to grow: one table over the recorded state. Only computes.

Sources: KEP-1790 and clauses EXP-013 to EXP-018. The recorded state is
``status.allocatedResourceStatuses.storage``; the sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .. import quantity
from ..kube.client import Json

NONE = ""
CONTROLLER_IN_PROGRESS = "ControllerResizeInProgress"
CONTROLLER_INFEASIBLE = "ControllerResizeInfeasible"
NODE_PENDING = "NodeResizePending"
NODE_IN_PROGRESS = "NodeResizeInProgress"
NODE_INFEASIBLE = "NodeResizeInfeasible"


class Step(Enum):
    """The next move, and the size that it aims at."""

    TO_REQUEST = "expand to spec.resources.requests"
    TO_ALLOCATED = "go on with the size that was begun: the driver may still be at it"
    NODE_AGAIN = "let the node try again"
    LEAVE = "the node is at work; nothing here"


TABLE: dict[tuple[str, bool], Step] = {
    # recorded state, PV smaller than the request
    (NONE, True): Step.TO_REQUEST,
    (NONE, False): Step.TO_ALLOCATED,
    (CONTROLLER_IN_PROGRESS, True): Step.TO_ALLOCATED,
    (CONTROLLER_IN_PROGRESS, False): Step.TO_ALLOCATED,
    (CONTROLLER_INFEASIBLE, True): Step.TO_REQUEST,
    (CONTROLLER_INFEASIBLE, False): Step.TO_REQUEST,
    (NODE_PENDING, True): Step.LEAVE,
    (NODE_PENDING, False): Step.LEAVE,
    (NODE_IN_PROGRESS, True): Step.LEAVE,
    (NODE_IN_PROGRESS, False): Step.LEAVE,
    (NODE_INFEASIBLE, True): Step.NODE_AGAIN,
    (NODE_INFEASIBLE, False): Step.NODE_AGAIN,
}


@dataclass(frozen=True)
class Sizes:
    """What the objects say, in bytes. ``allocated`` is None before the first growth."""

    requested: int
    reached: int
    volume: int
    allocated: int | None

    @classmethod
    def of(cls, claim: Json, volume: Json) -> Sizes:
        """Read them from a bound claim and its volume."""
        status = claim.get("status") or {}
        allocated = (status.get("allocatedResources") or {}).get("storage")
        return cls(
            quantity.to_bytes(claim["spec"]["resources"]["requests"]["storage"]),
            quantity.to_bytes((status.get("capacity") or {}).get("storage", "0")),
            quantity.to_bytes(volume["spec"]["capacity"]["storage"]),
            None if allocated is None else quantity.to_bytes(allocated),
        )

    @property
    def wants_more(self) -> bool:
        """The claim is not yet as large as requested."""
        return self.requested > self.reached


def recorded(claim: Json) -> str:
    """The recorded state of a claim's growth."""
    return str(((claim.get("status") or {}).get("allocatedResourceStatuses") or {}).get("storage") or NONE)


def decide(state: str, sizes: Sizes) -> tuple[Step, int]:
    """The step, and the size in bytes to aim at. An unknown state is left alone."""
    step = TABLE.get((state, sizes.volume < sizes.requested), Step.LEAVE)
    if step is Step.TO_ALLOCATED and sizes.allocated is not None and sizes.allocated > sizes.reached:
        return step, sizes.allocated
    return step, sizes.requested
