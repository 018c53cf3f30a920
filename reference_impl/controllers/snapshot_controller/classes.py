"""Which class a snapshot uses (clauses CLS-001 to CLS-009, GRP-005). Writes only the chosen default."""

from __future__ import annotations

from collections.abc import Callable

from ..kube import objects
from ..kube.client import Json
from .cluster import Family
from .sources import SourceError


class ClassError(Exception):
    """No class can be used. ``reason`` is that of the event."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def settle(family: Family, snapshot: Json, driver: Callable[[], str]) -> Json:
    """Make sure that the snapshot's class exists; fill in the default of a dynamic one that names none.

    ``driver`` gives the name of the driver of the snapshot's volume, or raises SourceError. Returns the
    snapshot as it is now. Raises ClassError.
    """
    form = family.form
    name = form.class_name(snapshot)
    if name is not None:
        if family.classes.find(name) is None:
            text = f"failed to get {form.noun} class with error {absent(family, name)}"
            raise ClassError(f"Get{form.title}ClassFailed", text)
        return snapshot
    if form.static_name(snapshot) is not None:
        return snapshot
    try:
        default = _default(family, driver())
    except (SourceError, LookupError) as error:
        text = f"Failed to set default {form.noun} class with error {error}"
        raise ClassError(f"SetDefault{form.title}ClassFailed", text) from error

    def choose(draft: Json) -> bool:
        draft["spec"][form.class_field] = default
        return True

    return family.snapshots.edit(snapshot, choose)


def absent(family: Family, name: str) -> str:
    """That there is no such class, as an API server says it."""
    return f'{family.form.snapshot_class.singular} "{name}" not found'


def _default(family: Family, driver: str) -> str:
    """The name of the one default class for a driver. Raises LookupError."""
    form = family.form
    defaults = [
        objects.name(snapshot_class)
        for snapshot_class in family.classes.all()
        if snapshot_class["driver"] == driver
        # Only the exact word counts (clause CLS-007).
        and objects.annotation(snapshot_class, form.default_class) == "true"
    ]
    if not defaults:
        raise LookupError(f"cannot find default {form.noun} class")
    if len(defaults) > 1:
        raise LookupError(f"{len(defaults)} default {form.noun} classes were found")
    return defaults[0]
