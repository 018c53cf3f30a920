"""What can be awaited of an object: small named predicates on its JSON.

A condition knows when it has become hopeless, so that a wait for it ends with the cause, not with the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_csi_snapshot.quantities import parse_quantity

Json = dict[str, Any]


def _never(_body: Json) -> str:
    return ""


@dataclass(frozen=True)
class Condition:
    """``text`` completes "awaited ..."; ``hopeless`` returns why it can never hold again, or ""."""

    text: str
    holds: Callable[[Json], bool]
    hopeless: Callable[[Json], str] = _never

    def __str__(self) -> str:
        return self.text

    def __and__(self, other: Condition) -> Condition:
        return Condition(
            f"{self.text} and {other.text}",
            lambda body: self.holds(body) and other.holds(body),
            lambda body: self.hopeless(body) or other.hopeless(body),
        )


def status_of(body: Json) -> Json:
    """The status of an object, {} where it has none yet."""
    return body.get("status") or {}


def error_of(body: Json) -> str:
    """The message of its status.error, "" where it has none."""
    return str((status_of(body).get("error") or {}).get("message", ""))


def _lost(body: Json) -> str:
    return "the claim is Lost" if status_of(body).get("phase") == "Lost" else ""


def _pod_failed(body: Json) -> str:
    status = status_of(body)
    if status.get("phase") != "Failed":
        return ""
    ends = [c.get("state", {}).get("terminated", {}) for c in status.get("containerStatuses") or []]
    texts = [f"exit code {end.get('exitCode')}: {str(end.get('message', '')).strip()}" for end in ends if end]
    return "the pod failed: " + (
        "; ".join(texts) or str(status.get("message") or status.get("reason") or "no reason given")
    )


_NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName",
                       "CreateContainerConfigError"})  # fmt: skip
_OPEN = re.compile(r"code = (Aborted|Canceled|DeadlineExceeded|ResourceExhausted|Unavailable)\b")
"""What a sidecar says of a call that it will make again, since nothing was answered yet."""
_LOST_ITS_NODE = frozenset({"Evicted", "NodeLost", "NodeShutdown", "Preempting", "UnexpectedAdmissionError"})
_NO_PROGRAM = (126, 127)
"""Exit codes by which a shell says that a program is missing or cannot be run."""


def not_the_volumes_fault(pod: Json) -> str:
    """Why a pod came to nothing, where that says nothing about its volumes; "" where it may be their fault.

    No image, no program in it, no place on any node, or a node that threw it out.
    """
    status = status_of(pod)
    reason = str(status.get("reason") or "")
    if status.get("phase") == "Failed" and (reason in _LOST_ITS_NODE or reason.startswith("OutOf")):
        return f"{reason}: {status.get('message', '')}".strip(": ")
    for container in status.get("containerStatuses") or []:
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason") in _NO_IMAGE:
            return f"image {container.get('image', '')}: {waiting['reason']}: {waiting.get('message', '')}".strip(
                ": "
            )
        if ended.get("exitCode") in _NO_PROGRAM:
            last = f" ({str(ended['message']).strip()})" if ended.get("message") else ""
            return f"image {container.get('image', '')} lacks a program that the workload needs{last}"
    for condition in status.get("conditions") or []:
        text = str(condition.get("message") or "")
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False" and "volume" not in text:
            return f"not scheduled: {text or condition.get('reason', '')}"
    return ""


def _pod_ended(body: Json) -> str:
    return "the pod ended" if status_of(body).get("phase") == "Succeeded" else _pod_failed(body)


def _container_ready(body: Json) -> bool:
    return any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in status_of(body).get("conditions") or []
    )


READY = Condition("status.readyToUse true", lambda body: status_of(body).get("readyToUse") is True)
NOT_READY = Condition("status.readyToUse false", lambda body: status_of(body).get("readyToUse") is False)
NAMES_CONTENT = Condition(
    "status.boundVolumeSnapshotContentName",
    lambda body: bool(status_of(body).get("boundVolumeSnapshotContentName")),
)
IN_ITS_GROUP = Condition(
    "status.readyToUse true and status.volumeGroupSnapshotName",
    lambda body: READY.holds(body) and bool(status_of(body).get("volumeGroupSnapshotName")),
)
HAS_ERROR = Condition("status.error", lambda body: bool(status_of(body).get("error")))
ANSWERED = Condition(
    "a status.error that is an answer",
    lambda body: HAS_ERROR.holds(body) and not _OPEN.search(str(status_of(body)["error"].get("message"))),
)
HAS_HANDLE = Condition("status.snapshotHandle", lambda body: bool(status_of(body).get("snapshotHandle")))
BOUND = Condition("phase Bound", lambda body: status_of(body).get("phase") == "Bound", _lost)
TERMINATING = Condition("a deletionTimestamp", lambda body: "deletionTimestamp" in body["metadata"])
POD_DONE = Condition("phase Succeeded", lambda body: status_of(body).get("phase") == "Succeeded", _pod_failed)
POD_SCHEDULED = Condition("a node", lambda body: bool(body["spec"].get("nodeName")))
POD_RUNNING = Condition("phase Running", lambda body: status_of(body).get("phase") == "Running", _pod_ended)
POD_READY = Condition("condition Ready", _container_ready, _pod_ended)

RESIZE_TYPES = frozenset({"Resizing", "FileSystemResizePending", "ControllerResizeError", "NodeResizeError"})
"""The condition types of an expansion; others (``Unused``) say nothing about it (EXP-012)."""


def resize_conditions(claim: Json) -> set[str]:
    """The types of the resize conditions that a claim bears."""
    found = {c["type"] for c in status_of(claim).get("conditions") or [] if c.get("status") == "True"}
    return found & RESIZE_TYPES


def cut_at(body: Json) -> int:
    """When a snapshot was cut, by its own status or its content's: seconds since the epoch, 0 for unknown."""
    told = status_of(body).get("creationTime") or 0
    return int(datetime.fromisoformat(told).timestamp()) if isinstance(told, str) else int(told) // 1_000_000_000


def capacity_of(body: Json) -> int:
    """The capacity of a claim (status) or a volume (spec), in bytes; 0 where it has none."""
    source = body.get("spec") if "capacity" in (body.get("spec") or {}) else status_of(body)
    return parse_quantity(((source or {}).get("capacity") or {}).get("storage") or "0")


def request_of(claim: Json) -> int:
    """The size that a claim asks for, in bytes."""
    return parse_quantity(claim["spec"]["resources"]["requests"]["storage"])


def has_capacity(at_least: int) -> Condition:
    """The claim or the volume has at least so many bytes."""
    return Condition(f"a capacity of at least {at_least} bytes", lambda body: capacity_of(body) >= at_least)


def grown(at_least: int) -> Condition:
    """The claim's expansion is over: capacity reached, no resize condition left (EXP-005)."""
    done = Condition("no resize condition", lambda body: not resize_conditions(body))
    return has_capacity(at_least) & done


def has_finalizer(name: str) -> Condition:
    """The object bears the finalizer ``name``."""
    return Condition(f"finalizer {name}", lambda body: name in body["metadata"].get("finalizers", []))


def lacks_finalizer(name: str) -> Condition:
    """The object does not bear the finalizer ``name``."""
    return Condition(
        f"absence of finalizer {name}", lambda body: name not in body["metadata"].get("finalizers", [])
    )


def has_annotation(name: str) -> Condition:
    """The object bears the annotation ``name``, whatever its value."""
    return Condition(f"annotation {name}", lambda body: name in (body["metadata"].get("annotations") or {}))


def lacks_annotation(name: str) -> Condition:
    """The object does not bear the annotation ``name``."""
    return Condition(
        f"absence of annotation {name}", lambda body: name not in (body["metadata"].get("annotations") or {})
    )
