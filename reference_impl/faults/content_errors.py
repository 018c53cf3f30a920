"""Faults of what the csi-snapshotter tells of failures, and of its mark of a cut that may still go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers.kube.objects import Json
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshotter.main import Snapshotter


class _Errors(Fault):
    component = "csi-snapshotter"
    kind = "errors"


class CreationFailureSwallowed(_Errors):
    """A driver's refusal is neither in the content's status nor told by an event: the snapshot just waits."""

    name = "creation-failure-swallowed"
    breaks = ("ERR-002", "ERR-003", "STAT-009", "SEC-005")

    def apply(self, target: Snapshotter) -> None:
        def fail(_clean: Clean, _content: Json, _error: Exception, *, first: bool) -> None:  # noqa: ARG001
            return

        wrap(target.contents, "_fail", fail)


class ContentFailureUntold(_Errors):
    """A failure is in the content's status, and no event tells it."""

    name = "content-failure-untold"
    breaks = ("ERR-002", "SNAP-PRE-004")

    def apply(self, target: Snapshotter) -> None:
        def event(clean: Clean, about: Json, type_: str, reason: str, message: str) -> None:
            if type_ != "Warning" or reason == "SnapshotDeleteError":
                clean(about, type_, reason, message)

        wrap(inner(target.contents, "_events"), "event", event)


class FirstFailureToldAsRetry(_Errors):
    """The first failure of a creation is told as that of a check: alerts on failed creations never fire."""

    name = "first-failure-told-as-retry"
    breaks = ("ERR-002", "SEC-005")

    def apply(self, target: Snapshotter) -> None:
        def fail(clean: Clean, content: Json, error: Exception, *, first: bool) -> None:  # noqa: ARG001
            clean(content, error, first=False)

        wrap(target.contents, "_fail", fail)


class CauseLost(_Errors):
    """What the driver answered is lost: the error says "<nil>" where the cause should be."""

    name = "cause-lost"
    breaks = ("ERR-003",)
    seen = "L32"

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.snapshotter.inputs import InputError

        def fail(clean: Clean, content: Json, error: Exception, *, first: bool) -> None:
            text = str(error).partition(': "')[0]
            clean(content, InputError(f'{text}: "%!q(<nil>)"'), first=first)

        wrap(target.contents, "_fail", fail)


class ContentFailureToldAtEachTry(_Errors):
    """Each refusal of the driver is told by an event of its own: the same text, numbered."""

    name = "content-failure-told-at-each-try"
    breaks = ("ERR-004",)

    def apply(self, target: Snapshotter) -> None:
        tries: dict[str, int] = {}

        def fail(clean: Clean, obj: Json, reason: str, message: str, *, not_ready: bool = True) -> Any:
            sent = clean(obj, reason, message, not_ready=not_ready)
            number = tries[obj["metadata"]["uid"]] = tries.get(obj["metadata"]["uid"], 0) + 1
            if not sent:
                text = f"{message} (try {number})"
                inner(target.contents, "_events").event(obj, "Warning", reason, text)
            return sent

        wrap(inner(target.contents, "_status"), "fail", fail)


class MarkDroppedEarly(_Errors):
    """The mark of a cut is taken off at any answer, also when the driver may still be at work."""

    name = "creation-mark-dropped-early"
    breaks = ("ERR-005", "DEL-011")
    kind = "lifecycle"

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.snapshotter.inputs import InputError

        mark = inner(target.contents, "_mark")

        def create(clean: Clean, content: Json) -> Any:
            try:
                return clean(content)
            except InputError:
                mark(content, None)
                raise

        wrap(target.contents, "_create", create)


class MarkKept(_Errors):
    """The mark of a cut stays after a final refusal: a snapshot that never was cannot be deleted."""

    name = "creation-mark-kept"
    breaks = ("ERR-005", "DEL-010", "FIN-011")
    kind = "lifecycle"

    def apply(self, target: Snapshotter) -> None:
        def mark(clean: Clean, content: Json, value: str | None) -> Any:
            return content if value is None else clean(content, value)

        wrap(target.contents, "_mark", mark)


class MarkNeverSet(_Errors):
    """A content does not show that a cut may be going on, and so is deleted under it."""

    name = "creation-mark-never-set"
    breaks = ("ERR-005", "DEL-011")
    kind = "lifecycle"
    issue = "https://github.com/kubernetes-csi/external-snapshotter/issues/134"
    seen = "L32"

    def apply(self, target: Snapshotter) -> None:
        def mark(clean: Clean, content: Json, value: str | None) -> Any:
            return clean(content, value) if value is None else content

        wrap(target.contents, "_mark", mark)
