"""The status of a content: what the driver answered, or what went wrong (STAT-002 to 005, ERR-002, ERR-004)."""

from __future__ import annotations

from collections.abc import Callable

from .. import clock
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.events import WARNING, Recorder
from .calls import Found


def found(status: Json, answer: Found) -> Json:
    """The status after an answer. Handle, time and size stay once they are set."""
    result = dict(status)
    result.setdefault("snapshotHandle", answer.handle)
    result.setdefault("creationTime", answer.created)
    if answer.size > 0:
        result.setdefault("restoreSize", answer.size)
    result["readyToUse"] = answer.ready
    if answer.ready:
        result.pop("error", None)
    return result


def failed(status: Json, message: str, stamp: str) -> Json:
    """The status after a failure; the time stays that of the first failure with this text."""
    result = dict(status)
    if (result.get("error") or {}).get("message") != message:
        result["error"] = {"message": message, "time": stamp}
    result["readyToUse"] = False
    return result


class StatusWriter:
    """Writes the status of contents, and sends an event for each new error."""

    def __init__(self, contents: Collection, events: Recorder) -> None:
        self._contents = contents
        self._events = events

    def show(self, content: Json, answer: Found) -> Json:
        """Write what the driver answered."""
        return self._write(content, lambda status: found(status, answer))

    def fail(self, content: Json, reason: str, message: str) -> Json:
        """Show an error; its event is sent unless the same text stands there already."""
        known = ((content.get("status") or {}).get("error") or {}).get("message") == message
        stamp = clock.rfc3339()
        written = self._write(content, lambda status: failed(status, message, stamp))
        if not known:
            self._events.event(written, WARNING, reason, message)
        return written

    def _write(self, content: Json, compute: Callable[[Json], Json]) -> Json:
        def change(draft: Json) -> bool:
            status = compute(draft.get("status") or {})
            if status == (draft.get("status") or {}):
                return False
            draft["status"] = status
            return True

        return self._contents.edit(content, change, status=True)
