"""``status`` of a growing claim, step by step (clauses EXP-005 to EXP-013). Only computes.

Conditions of other owners, such as ``Unused``, are left as they are (EXP-012), and ``allocatedResources``
stays after success (EXP-011).
"""

from __future__ import annotations

from .. import quantity
from ..kube.client import Json
from .decisions import CONTROLLER_IN_PROGRESS, CONTROLLER_INFEASIBLE, NODE_PENDING

RESIZING = "Resizing"
NODE_DUE = "FileSystemResizePending"
CONTROLLER_ERROR = "ControllerResizeError"
NODE_ERROR = "NodeResizeError"
OURS = (RESIZING, NODE_DUE, CONTROLLER_ERROR, NODE_ERROR)

_NODE_DUE_TEXT = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


def begun(status: Json, target: int, stamp: str) -> Json:
    """The driver is about to be asked; an error of another target is over."""
    same = quantity.to_bytes((status.get("allocatedResources") or {}).get("storage", "0")) == target
    kept = _without(status, *(() if same else (CONTROLLER_ERROR,)), NODE_ERROR)
    result = _with(kept, RESIZING, "", stamp)
    result["allocatedResources"] = {
        **(status.get("allocatedResources") or {}),
        "storage": quantity.from_bytes(target),
    }
    return _recorded(result, CONTROLLER_IN_PROGRESS)


def failed(status: Json, message: str, stamp: str, *, infeasible: bool) -> Json:
    """The driver refused for good; ``infeasible``: it will not succeed as it was asked."""
    result = _with(status, CONTROLLER_ERROR, message, stamp)
    return _recorded(result, CONTROLLER_INFEASIBLE) if infeasible else result


def node_due(status: Json, stamp: str) -> Json:
    """The volume has grown, the node has to follow."""
    result = _with(_without(status, CONTROLLER_ERROR, NODE_ERROR), RESIZING, "", stamp)
    return _recorded(_with(result, NODE_DUE, _NODE_DUE_TEXT, stamp), NODE_PENDING)


def node_again(status: Json) -> Json:
    """The node may try once more; its error stays visible until it did."""
    return _recorded(status, NODE_PENDING)


def done(status: Json, size: int) -> Json:
    """The volume has grown and no node has to follow."""
    result = _without(status, *OURS)
    result["capacity"] = {**(status.get("capacity") or {}), "storage": quantity.from_bytes(size)}
    return _recorded(result, None)


def _with(status: Json, kind: str, message: str, stamp: str) -> Json:
    """A condition that is True; its transition time stays while it was True already."""
    conditions = list(status.get("conditions") or [])
    fresh = {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": stamp}
    if message:
        fresh["message"] = message
    for index, condition in enumerate(conditions):
        if condition["type"] == kind:
            if condition["status"] == "True":
                fresh["lastTransitionTime"] = condition.get("lastTransitionTime", stamp)
            conditions[index] = fresh
            break
    else:
        conditions.append(fresh)
    return {**status, "conditions": conditions}


def _without(status: Json, *kinds: str) -> Json:
    kept = [condition for condition in status.get("conditions") or [] if condition["type"] not in kinds]
    result = {**status, "conditions": kept}
    if not kept:
        del result["conditions"]
    return result


def _recorded(status: Json, state: str | None) -> Json:
    statuses = {
        key: value for key, value in (status.get("allocatedResourceStatuses") or {}).items() if key != "storage"
    }
    if state is not None:
        statuses["storage"] = state
    result = {**status, "allocatedResourceStatuses": statuses}
    if not statuses:
        del result["allocatedResourceStatuses"]
    return result
