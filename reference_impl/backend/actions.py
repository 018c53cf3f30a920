"""Which actions a volume offers in which state, and what each takes and gives.

Clients read from the offer what they may do: an action that is not offered does not exist for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import BackendError
from .options import UPDATES
from .states import SETTLED


@dataclass(frozen=True)
class Action:
    """Schema ids of what is sent and of what comes back; ``input`` is "" where the body is not read."""

    input: str
    output: str


VOLUME_ACTIONS: dict[str, Action] = {
    "attach": Action("attachInput", "volume"),
    "detach": Action("detachInput", "volume"),
    "expand": Action("expandInput", "volume"),
    "snapshotCreate": Action("snapshotInput", "snapshot"),
    "snapshotGet": Action("snapshotInput", "snapshot"),
    "snapshotList": Action("", "snapshotListOutput"),
    "snapshotDelete": Action("snapshotInput", "volume"),
    "snapshotCRCreate": Action("snapshotCRInput", "snapshotCR"),
    "snapshotCRGet": Action("snapshotCRInput", "snapshotCR"),
    "snapshotCRList": Action("", "snapshotCRListOutput"),
    "snapshotCRDelete": Action("snapshotCRInput", "empty"),
    "snapshotBackup": Action("snapshotBackupInput", "volume"),
    **{name: Action(update.input, "volume") for name, update in UPDATES.items()},
}

_ALWAYS = (
    "attach",
    "detach",
    "snapshotCRCreate",
    "snapshotCRGet",
    "snapshotCRList",
    "snapshotCRDelete",
    "snapshotBackup",
    "updateBackupCompressionMethod",
    "updateBackupTargetName",
)

OFFERED: dict[str, tuple[str, ...]] = {
    "creating": _ALWAYS,
    "detached": (*_ALWAYS, "expand", "updateAccessMode", "updateDataLocality", "updateSnapshotMaxCount"),
    "attaching": _ALWAYS,
    "attached": (
        *_ALWAYS,
        "expand",
        "snapshotCreate",
        "snapshotGet",
        "snapshotList",
        "snapshotDelete",
        "updateReplicaCount",
        "updateDataLocality",
        "updateSnapshotMaxCount",
    ),
    "detaching": _ALWAYS,
    "deleting": _ALWAYS,
}
"""State -> the actions a volume offers in it."""


def check(action: str, volume: str, state: str) -> None:
    """Raises BackendError: InvalidArgument for an unknown action, FailedPrecondition for one not offered.

    While an operation is under way this answers nothing: the operation's lock makes the action wait for its end.
    """
    if action not in VOLUME_ACTIONS:
        raise BackendError("InvalidArgument", f"unknown action {action!r}: one of {', '.join(VOLUME_ACTIONS)}")
    if state in SETTLED and action not in OFFERED[state]:
        states = " or ".join(name for name in sorted(SETTLED) if action in OFFERED[name])
        raise BackendError(
            "FailedPrecondition", f"action {action} of volume {volume} needs it {states}, it is {state}"
        )
