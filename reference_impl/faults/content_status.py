"""Faults of the status that the csi-snapshotter gives a content: it is not what the driver has answered."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ..controllers import clock
from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshotter.main import Snapshotter

_NS = 1_000_000_000
_ZONE_H = 2


class _Answer(Fault):
    """A fault of what becomes of an answer. ``answer`` is what the driver says of one snapshot."""

    component = "csi-snapshotter"
    kind = "state"

    def apply(self, target: Snapshotter) -> None:
        wrap(target.contents, "found", self.found)

    @abstractmethod
    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        """The status after an answer."""


class CreationTimeInSeconds(_Answer):
    """creationTime of a content is in seconds where nanoseconds are meant: snapshots are of January 1970."""

    name = "creation-time-in-seconds"
    breaks = ("STAT-003", "SNAP-DYN-005")

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        return clean(status, dataclasses.replace(answer, created=answer.created // _NS))


class CreationTimeOfZone(_Answer):
    """creationTime is that of a clock in another time zone: snapshots are of the future."""

    name = "creation-time-of-other-zone"
    breaks = ("STAT-003", "SNAP-DYN-005")

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        return clean(status, dataclasses.replace(answer, created=answer.created + _ZONE_H * 3600 * _NS))


class CreationTimeOfAnswer(_Answer):
    """creationTime is the moment of the driver's last answer: it moves while a snapshot is being uploaded."""

    name = "creation-time-of-answer"
    breaks = ("STAT-003",)
    issue = "https://github.com/longhorn/longhorn/issues/6266"
    seen = "L31"

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        return {**clean(status, answer), "creationTime": clock.now_ns()}


class AbsentTimeTakenAsNow(_Answer):
    """Where the driver tells no creation time, the moment of the answer is shown as if it were one."""

    name = "absent-time-taken-as-now"
    breaks = ("STAT-003",)
    issue = "https://github.com/longhorn/longhorn/issues/13942"
    seen = "L30"

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        return clean(status, dataclasses.replace(answer, created=answer.created or clock.now_ns()))


class UnknownSizeShownAsZero(_Answer):
    """Where the driver does not know the size, restoreSize is 0."""

    name = "unknown-size-shown-as-zero"
    breaks = ("STAT-004",)
    issue = "https://github.com/longhorn/longhorn/issues/2912"
    seen = "L29"

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        result = clean(status, answer)
        result.setdefault("restoreSize", 0)
        return result


class ReadyAtFirstAnswer(_Answer):
    """A content is ready at the driver's first answer, although that says that the upload goes on."""

    name = "ready-at-first-answer"
    breaks = ("STAT-006",)
    issue = "https://github.com/longhorn/longhorn/issues/6266"
    seen = "L31"

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        return clean(status, dataclasses.replace(answer, ready=True))


class ErrorOfContentStays(_Answer):
    """A content that became ready still shows an error of before."""

    name = "content-error-stays"
    breaks = ("STAT-001", "STAT-008")
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/11429"
    seen = "L06"

    def found(self, clean: Clean, status: Json, answer: Any) -> Any:
        result = clean(status, answer)
        return {**result, "error": status["error"]} if status.get("error") else result


class HandleAfterReady(Fault):
    """A content is ready before it shows its handle: who reads it then has nothing to restore from."""

    name = "handle-after-ready"
    component = "csi-snapshotter"
    breaks = ("STAT-002",)
    kind = "state"

    def apply(self, target: Snapshotter) -> None:
        def write(clean: Clean, obj: Json, compute: Clean) -> Any:
            def without_handle(status: Json) -> Json:
                result = dict(compute(status))
                if not status.get("snapshotHandle"):
                    result.pop("snapshotHandle", None)
                return result

            return clean(clean(obj, without_handle), compute)

        wrap(inner(target.contents, "_status"), "write", write)


class UnreadyNotAskedAgain(Fault):
    """A snapshot that is being uploaded is never asked for again, and so never becomes ready."""

    name = "unready-not-asked-again"
    component = "csi-snapshotter"
    breaks = ("STAT-006", "FIN-001")
    kind = "errors"
    issue = "https://github.com/longhorn/longhorn/issues/3167"
    seen = "L01"

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.work.loop import SyncError

        contents = inner(target.contents, "_contents")

        def sync(clean: Clean, key: str) -> None:
            try:
                clean(key)
            except SyncError:
                status = (contents.get(key) or {}).get("status") or {}
                if not status.get("snapshotHandle") or status.get("error"):
                    raise

        wrap(target.contents, "sync", sync)


class ReadyTakenBack(Fault):
    """The driver is asked for ready snapshots again and again, and its refusal takes readiness back."""

    name = "ready-taken-back"
    component = "csi-snapshotter"
    breaks = ("STAT-007",)
    kind = "state"

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.csi.codes import CsiError
        from ..controllers.snapshotter.calls import UnknownSnapshotError, look_up

        contents = target.contents

        def advance(clean: Clean, content: Json) -> None:
            clean(content)
            status = content.get("status") or {}
            if not status.get("readyToUse"):
                return
            try:
                look_up(contents.peer, status["snapshotHandle"], contents.deletion_secrets(content))
            except (CsiError, UnknownSnapshotError) as error:
                inner(contents, "_fail")(content, error, first=False)

        wrap(contents, "advance", advance)
