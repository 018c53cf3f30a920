"""One look at one content, of a single snapshot or of a group: create, look up, delete, or leave alone.

The annotation ``being-created`` stands from before the first call that creates until a final answer: while it
is there, a snapshot may be in the making under our name, and deletion waits for it (DEL-011, ERR-005).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from .. import markers
from ..csi import secrets
from ..csi.codes import MAYBE_RUNNING, CsiError
from ..csi.secrets import SecretError
from ..csi.sidecar import Peer
from ..forms import Form
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.errors import ApiError
from ..kube.events import WARNING, Recorder
from ..parameters import ParameterError, SecretReference
from ..statuses import StatusWriter
from ..work.loop import SyncError
from .calls import UnknownSnapshotError
from .inputs import InputError

UNANSWERED = (CsiError, SecretError, ParameterError, InputError, UnknownSnapshotError)
"""Why there is no snapshot to show."""


class Answer(Protocol):
    """What the driver says of a snapshot, single or group."""

    @property
    def handle(self) -> str: ...

    @property
    def ready(self) -> bool: ...


A = TypeVar("A", bound=Answer)


class Lifecycle(ABC, Generic[A]):
    """Brings contents of one driver and of one sort to the state that their spec asks for."""

    form: Form

    def __init__(self, peer: Peer, contents: Collection, classes: Collection, events: Recorder) -> None:
        self.peer = peer
        self._contents = contents
        self._classes = classes
        self._events = events
        self._status = StatusWriter(contents, events)
        self._never_called: set[str] = set()
        """Uids of contents that carry our annotation although the driver was never asked."""

    # ---- what the two sorts do each in its own way

    @abstractmethod
    def look_up(self, content: Json) -> A:
        """What the driver says of a snapshot that was cut before. Raises one of ``UNANSWERED``."""

    @abstractmethod
    def prepare(self, content: Json) -> Callable[[], A]:
        """The call that cuts, with all that it needs. Raises one of ``UNANSWERED``; the call raises CsiError."""

    @abstractmethod
    def delete(self, content: Json, credentials: dict[str, str]) -> None:
        """Have the driver delete what the content's status has the handle of. Raises CsiError."""

    @abstractmethod
    def found(self, status: Json, answer: A) -> Json:
        """The status after an answer. Handle, time and size stay once they are set."""

    def known(self, content: Json) -> bool:
        """What the content stands for exists: it is looked up, never cut."""
        return self.form.static(content)

    # ---- what they have in common

    def sync(self, key: str) -> None:
        """Look at one content. Raises SyncError or ApiError where it has to be looked at again."""
        content = self._contents.get(key)
        if content is None or not self._ours(content):
            return
        try:
            if not self.to_delete(content):
                self.advance(content)
                # The answer may be the one that the deletion was waiting for.
                content = self._contents.get(key)
            if content is not None and self.to_delete(content):
                self.finish(content)
        except ApiError as error:
            if not error.not_found:
                raise

    def to_delete(self, content: Json) -> bool:
        """The content's deletion may be carried out now (clauses DEL-006 to DEL-011, BIND-007)."""
        form = self.form
        if not objects.deleting(content) or objects.annotation(content, form.being_created) is not None:
            return False
        unbound = form.static(content) and not content["spec"][form.ref].get("uid")
        return unbound or objects.annotation(content, form.being_deleted) is not None

    def finish(self, content: Json) -> None:
        """Delete the backend's snapshot if the policy says so, then let the content go."""
        if content["spec"]["deletionPolicy"] == "Delete":
            self.delete_snapshot(content)
        self._contents.edit(content, lambda draft: objects.drop_finalizers(draft, self.form.content_finalizer))
        self._never_called.discard(objects.uid(content))

    def delete_snapshot(self, content: Json) -> None:
        """Delete the backend's snapshot. A failure is an event only; the status stays as it is (DEL-012)."""
        noun, reason = self.form.noun, f"{self.form.title}DeleteError"
        handle = (content.get("status") or {}).get(self.form.handle_field)
        if not handle:
            return
        try:
            credentials = self.deletion_secrets(content)
        except SecretError as error:
            self._events.event(content, WARNING, reason, "Failed to get snapshot credentials")
            raise SyncError(str(error)) from error
        try:
            self.delete(content, credentials)
        except CsiError as error:
            self._events.event(content, WARNING, reason, f"Failed to delete {noun}")
            raise SyncError(f"failed to delete {noun} {handle}: {error}") from error

    def advance(self, content: Json) -> None:
        """The next step of a content that is to live."""
        status = content.get("status")
        if status and status.get("readyToUse"):
            # The driver is asked no more (clause STAT-007).
            self._mark(content, None)
            return
        known = self.known(content)
        try:
            answer = self.look_up(content) if known else self._create(content)
        except UNANSWERED as error:
            # Read anew: the annotation may have been written since.
            current = self._contents.get(objects.key(content)) or content
            self._fail(current, error, first=not known and not status)
            raise SyncError(str(error)) from error
        content = self._status.write(content, lambda status: self.found(status, answer))
        if not known:
            self._mark(content, None)
        if not answer.ready:
            raise SyncError(f"{self.form.noun} {answer.handle} is not ready yet")

    def deletion_secrets(self, content: Json) -> dict[str, str]:
        """The secret that the content's annotations name (clause SEC-004). Raises SecretError."""
        name = objects.annotation(content, self.form.secret_name)
        namespace = objects.annotation(content, self.form.secret_namespace)
        return secrets.read(
            self._contents.client, SecretReference(name, namespace) if name and namespace else None
        )

    def _ours(self, content: Json) -> bool:
        if content["spec"]["driver"] != self.peer.name:
            return False
        snapshot_class = self._classes.get(self.form.class_name(content) or "")
        return snapshot_class is None or snapshot_class["driver"] == self.peer.name

    def _fail(self, content: Json, error: Exception, *, first: bool) -> None:
        """Show why there is no snapshot; the first attempt to create has a reason of its own (ERR-002)."""
        form = self.form
        if first:
            self._status.fail(content, f"{form.title}CreationFailed", f"Failed to create {form.noun}: {error}")
        else:
            text = f"Failed to check and update {form.noun} content: {error}"
            self._status.fail(content, f"{form.title}ContentCheckandUpdateFailed", text)

    def _create(self, content: Json) -> A:
        called = self._begin(content)
        try:
            call = self.prepare(content)
        except UNANSWERED:
            self._abandon(content, called)
            raise
        self._never_called.discard(objects.uid(content))
        try:
            return call()
        except CsiError as error:
            if error.code not in MAYBE_RUNNING:
                self._mark(content, None)
            sources = content["spec"]["source"][self.form.volume_field]
            whole = f"volumes {', '.join(sources)}" if isinstance(sources, list) else f"volume {sources}"
            raise InputError(f'failed to take {self.form.noun} of the {whole}: "{error}"') from error

    def _begin(self, content: Json) -> bool:
        """Set the annotation; whether a call may have been made before."""
        called = objects.annotation(content, self.form.being_created) is not None
        if not called:
            self._never_called.add(objects.uid(content))
        self._mark(content, markers.YES)
        return objects.uid(content) not in self._never_called

    def _abandon(self, content: Json, called: bool) -> None:
        """An error before the call leaves the annotation (ERR-005), but must not hold up a deletion (FIN-011)."""
        if objects.deleting(content) and not called:
            self._mark(content, None)

    def _mark(self, content: Json, value: str | None) -> Json:
        return self._contents.edit(content, lambda draft: objects.annotate(draft, self.form.being_created, value))
