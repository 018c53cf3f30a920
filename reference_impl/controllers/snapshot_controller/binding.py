"""Finds the content of a snapshot and ties the two together (clauses SNAP-PRE-001/003, BIND-001 to BIND-006)."""

from __future__ import annotations

from ..kube import objects
from ..kube.client import Json
from ..kube.errors import ApiError
from .cluster import Family


class BindingError(Exception):
    """Snapshot and content do not belong together. ``reason`` is that of the event."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def find(family: Family, snapshot: Json, dynamic_name: str) -> Json | None:
    """The content that the snapshot's source leads to; None where it does not exist.

    ``dynamic_name`` is that of the content where the snapshot names none. Raises BindingError where there is
    one that is of the other sort or for another snapshot.
    """
    form = family.form
    wanted = form.static_name(snapshot)
    name = dynamic_name if wanted is None else wanted
    content = family.contents.get(name)
    if content is None:
        return _confirm_absence(family, snapshot, name)
    if wanted is not None and not form.static(content):
        raise BindingError(
            f"{form.title}ContentMismatch",
            f"{form.content} is dynamically provisioned while expecting a pre-provisioned one",
        )
    if wanted is None and content["spec"]["source"].get(form.volume_field) is None:
        raise BindingError(
            f"{form.title}ContentMismatch",
            f"{form.content} is pre-provisioned while expecting a dynamically provisioned one",
        )
    if not form.refers(content, snapshot, bound=False):
        raise _misbound(family, name)
    return content


def bind(family: Family, snapshot: Json, content: Json) -> Json:
    """Write the snapshot's uid, and its class if it names one, into a pre-provisioned content.

    Returns the content as it is now. Raises BindingError.
    """
    form = family.form

    def change(draft: Json) -> bool:
        if not form.refers(draft, snapshot, bound=False):
            raise _misbound(family, objects.name(draft))
        if form.refers(draft, snapshot, bound=True):
            return False
        draft["spec"][form.ref]["uid"] = objects.uid(snapshot)
        class_name = form.class_name(snapshot)
        if class_name:
            draft["spec"][form.class_field] = class_name
        return True

    try:
        return family.contents.edit(content, change)
    except ApiError as error:
        text = f"{form.title} failed to bind {form.content}, {error}"
        raise BindingError(f"{form.title}BindFailed", text) from error


def missing(family: Family) -> BindingError:
    """The snapshot needs a content that is not there."""
    return BindingError(f"{family.form.title}ContentMissing", f"{family.form.content} is missing")


def _misbound(family: Family, name: str) -> BindingError:
    form = family.form
    text = f"{form.content} [{name}] is bound to a different {form.noun}"
    return BindingError(f"{form.title}ContentMisbound", text)


def _confirm_absence(family: Family, snapshot: Json, name: str) -> Json | None:
    """None, unless the cache of contents is behind that of snapshots.

    A bound snapshot without content loses ``readyToUse``: that must not come from two lists made at
    different moments, so the server is asked before it is believed.
    """
    if family.form.bound_name(snapshot) != name:
        return None
    try:
        return family.contents.client.get(family.form.content, None, name)
    except ApiError as error:
        if error.not_found:
            return None
        raise
