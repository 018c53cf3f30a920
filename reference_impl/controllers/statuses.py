"""Writing the status of an object, and telling what went wrong with it (clauses ERR-003, ERR-004, STAT-009)."""

from __future__ import annotations

from collections.abc import Callable

from . import clock
from .kube.client import Json
from .kube.collection import Collection
from .kube.events import WARNING, Recorder


class StatusWriter:
    """Writes the status of the objects of one kind, and sends an event for each new error."""

    def __init__(self, collection: Collection, events: Recorder) -> None:
        self._collection = collection
        self._events = events

    def write(self, obj: Json, compute: Callable[[Json], Json]) -> Json:
        """Replace the status by what ``compute`` makes of it. Returns the object as it is now."""

        def change(draft: Json) -> bool:
            status = compute(draft.get("status") or {})
            if status == (draft.get("status") or {}):
                return False
            draft["status"] = status
            return True

        return self._collection.edit(obj, change, status=True)

    def fail(self, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> bool:
        """Show an error, and send its event unless the same text stands there already; whether it was sent.

        ``not_ready`` sets ``readyToUse`` to false; errors of class selection leave the field alone (ERR-003).
        """
        known = ((obj.get("status") or {}).get("error") or {}).get("message") == message
        stamp = clock.rfc3339()
        written = self.write(obj, lambda status: failed(status, message, stamp, not_ready=not_ready))
        if not known:
            self._events.event(written, WARNING, reason, message)
        return not known

    def clear(self, obj: Json) -> Json:
        """Take away an error that holds no more."""
        return self.write(obj, lambda status: {key: status[key] for key in status if key != "error"})


def failed(status: Json, message: str, stamp: str, *, not_ready: bool) -> Json:
    """The status with an error; the time stays that of the first failure with this text (STAT-009)."""
    result = dict(status)
    if (result.get("error") or {}).get("message") != message:
        result["error"] = {"message": message, "time": stamp}
    if not_ready:
        result["readyToUse"] = False
    return result
