"""Which actions a volume offers in which state, and what each takes and gives.

Clients read from the offer what they may do: an action that is not offered does not exist for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..profiles import Profile
from .errors import BackendError
from .options import UPDATES
from .states import SETTLED


@dataclass(frozen=True)
class Action:
    """Schema ids of what is sent and of what comes back; "" where the body is not read, or is empty."""

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
    "snapshotRevert": Action("snapshotInput", ""),
    "snapshotPurge": Action("", "volume"),
    "snapshotCRCreate": Action("snapshotCRInput", "snapshotCR"),
    "snapshotCRGet": Action("snapshotCRInput", "snapshotCR"),
    "snapshotCRList": Action("", "snapshotCRListOutput"),
    "snapshotCRDelete": Action("snapshotCRInput", "empty"),
    "snapshotBackup": Action("snapshotBackupInput", "volume"),
    "salvage": Action("salvageInput", "volume"),
    "replicaRemove": Action("replicaRemoveInput", "volume"),
    "cancelExpansion": Action("", "volume"),
    "trimFilesystem": Action("", "volume"),
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

_EVER = ("expand", "cancelExpansion", "replicaRemove")
"""In both settled states."""

OFFERED: dict[str, tuple[str, ...]] = {
    "creating": _ALWAYS,
    "detached": (
        *_ALWAYS,
        *_EVER,
        "updateAccessMode",
        "updateDataLocality",
        "updateSnapshotMaxCount",
        "updateSnapshotMaxSize",
    ),
    "attaching": (*_ALWAYS, "cancelExpansion"),
    "attached": (
        *_ALWAYS,
        *_EVER,
        "snapshotCreate",
        "snapshotGet",
        "snapshotList",
        "snapshotDelete",
        "snapshotRevert",
        "snapshotPurge",
        "trimFilesystem",
        "updateReplicaCount",
        "updateDataLocality",
        "updateSnapshotMaxCount",
        "updateSnapshotMaxSize",
    ),
    "detaching": _ALWAYS,
    "deleting": _ALWAYS,
}
"""State -> the actions a volume offers in it."""

FAULTED = ("attach", "detach", "salvage")
"""What a volume without a usable replica offers in whatever state."""


def offered(state: str, profile: Profile, *, faulted: bool) -> tuple[str, ...]:
    """The actions of a volume now."""
    if faulted:
        return FAULTED
    lacking = set()
    if not profile.snapshot_crs:
        lacking |= {action for action in VOLUME_ACTIONS if action.startswith("snapshotCR")}
    if not profile.backs_up_detached and state != "attached":
        lacking.add("snapshotBackup")
    if not profile.expands_attached and state == "attached":
        lacking |= {"expand", "cancelExpansion"}
    return tuple(action for action in OFFERED[state] if action not in lacking)


def check(action: str, volume: str, state: str, profile: Profile, *, faulted: bool) -> None:
    """Raises BackendError: InvalidArgument for an unknown action, FailedPrecondition for one not offered.

    While an operation is under way this answers nothing: the operation's lock makes the action wait for its end.
    """
    if action not in VOLUME_ACTIONS:
        raise BackendError("InvalidArgument", f"unknown action {action!r}: one of {', '.join(VOLUME_ACTIONS)}")
    if state not in SETTLED or action in offered(state, profile, faulted=faulted):
        return
    if faulted:
        raise BackendError("FailedPrecondition", f"action {action} of volume {volume}: it is faulted")
    states = [name for name in sorted(SETTLED) if action in offered(name, profile, faulted=False)]
    needed = f"needs it {' or '.join(states)}, it is {state}" if states else "is one of volumes that are faulted"
    raise BackendError("FailedPrecondition", f"action {action} of volume {volume} {needed}")
