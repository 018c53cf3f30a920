"""Who may have a volume where: its attachment tickets, and what becomes of them together.

CSI's tickets are refused where CSI's access modes forbid them; all others wait until they can be satisfied.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import BackendError
from .records import Attachment

PRIORITY = {
    "volume-restore-controller": 2000,
    "volume-expansion-controller": 2000,
    "longhorn-api": 1000,
    "csi-attacher": 900,
    "salvage-controller": 900,
    "share-manager-controller": 900,
}
"""Type of a ticket -> which goes first. Others have ``LOWEST``."""
LOWEST = 800
INTERRUPTIBLE = frozenset({"snapshot-controller", "backup-controller"})
"""Types whose tickets make way for any other."""


@dataclass(frozen=True)
class Placement:
    """Where a volume is to be, "" for nowhere. ``waiting`` has a reason for each ticket that is not satisfied."""

    node: str = ""
    disable_frontend: bool = False
    waiting: tuple[tuple[str, str], ...] = ()


def joined(volume: str, tickets: tuple[Attachment, ...], wanted: Attachment, node: str) -> tuple[Attachment, ...]:
    """``tickets`` with ``wanted``, which replaces the one of its name. ``node`` is where the volume is now.

    Raises BackendError for a ticket of CSI. FailedPrecondition: the volume is at another node; AlreadyExists: it
    is at this node with another mode.
    """
    others = tuple(item for item in tickets if item.ticket != wanted.ticket)
    if wanted.kind == "csi-attacher":
        for item in tickets:
            _check_modes(volume, item, wanted, node)
    return (*others, wanted)


def place(tickets: tuple[Attachment, ...], node: str) -> Placement:
    """A volume stays at ``node`` while a ticket holds it there, else it goes where the first of them wants it."""
    if not tickets:
        return Placement()
    here = [item for item in tickets if item.node == node]
    if all(item.kind in INTERRUPTIBLE for item in here):
        here = []
    first = max(here or tickets, key=_rank)
    choosy = [item for item in tickets if item.node == first.node and item.disable_frontend != "any"]
    disabled = max(choosy, key=_rank).disable_frontend if choosy else "false"
    found = Placement(first.node, disabled == "true")
    reasons = ((item.ticket, _why_not(item, found, first)) for item in tickets)
    return Placement(found.node, found.disable_frontend, tuple(pair for pair in reasons if pair[1]))


def _rank(item: Attachment) -> tuple[bool, int]:
    return item.kind not in INTERRUPTIBLE, PRIORITY.get(item.kind, LOWEST)


def _why_not(item: Attachment, placement: Placement, first: Attachment) -> str:
    """ "" for a ticket that is satisfied."""
    if item.node != placement.node and not _multiple(item, first):
        return f"the volume is currently attached to different node {placement.node}"
    if item.disable_frontend not in ("any", str(placement.disable_frontend).lower()):
        state = "disabled" if placement.disable_frontend else "enabled"
        return f"the volume is currently attached with its frontend {state}"
    return ""


def _check_modes(volume: str, item: Attachment, wanted: Attachment, node: str) -> None:
    if item.node != wanted.node and (item.ticket == wanted.ticket or not _multiple(item, wanted)):
        if item.kind in INTERRUPTIBLE or (item.node != node and item.ticket != wanted.ticket):
            return
        refused = f"volume {volume} cannot be attached to node {wanted.node}"
        raise BackendError("FailedPrecondition", f"{refused}: it is attached to node {item.node}")
    modes = {(each.access_mode, each.read_only) for each in (item, wanted)}
    if item.ticket == wanted.ticket and len(modes) > 1:
        raise BackendError(
            "AlreadyExists", f"volume {volume} is attached to node {wanted.node} with another access mode"
        )


def _multiple(one: Attachment, other: Attachment) -> bool:
    return all(item.access_mode.startswith("MULTI_NODE") for item in (one, other))
