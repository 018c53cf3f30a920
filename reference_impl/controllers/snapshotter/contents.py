"""One look at one content: create, look up, delete, or leave alone.

The annotation ``being-created`` stands from before the first CreateSnapshot until a final answer: while it
is there, a snapshot may be in the making under our name, and deletion waits for it (DEL-011, ERR-005).
"""

from __future__ import annotations

from typing import Any

from .. import markers
from ..csi import secrets
from ..csi.codes import MAYBE_RUNNING, CsiError
from ..csi.secrets import SecretError
from ..csi.sidecar import Peer
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.errors import ApiError
from ..kube.events import WARNING, Recorder
from ..parameters import ParameterError, SecretReference
from ..work.loop import SyncError
from . import calls
from .calls import Found, UnknownSnapshotError
from .inputs import InputError, Inputs
from .status import StatusWriter

UNANSWERED = (CsiError, SecretError, ParameterError, InputError, UnknownSnapshotError)
"""Why there is no snapshot to show."""


class Contents:
    """Brings contents of one driver to the state that their spec asks for."""

    def __init__(
        self, peer: Peer, contents: Collection, classes: Collection, events: Recorder, inputs: Inputs
    ) -> None:
        self.peer = peer
        self._contents = contents
        self._classes = classes
        self._events = events
        self._inputs = inputs
        self._status = StatusWriter(contents, events)
        self._never_called: set[str] = set()
        """Uids of contents that carry our annotation although the driver was never asked."""

    def sync(self, key: str) -> None:
        """Look at one content. Raises SyncError or ApiError where it has to be looked at again."""
        content = self._contents.get(key)
        if content is None or not self._ours(content):
            return
        try:
            if self.to_delete(content):
                self.finish(content)
            else:
                self.advance(content)
        except ApiError as error:
            if not error.not_found:
                raise

    def to_delete(self, content: Json) -> bool:
        """The content's deletion may be carried out now (clauses DEL-006 to DEL-011, BIND-007)."""
        if not objects.deleting(content) or objects.annotation(content, markers.BEING_CREATED) is not None:
            return False
        static = content["spec"]["source"].get("snapshotHandle") is not None
        unbound = static and not content["spec"]["volumeSnapshotRef"].get("uid")
        return unbound or objects.annotation(content, markers.BEING_DELETED) is not None

    def finish(self, content: Json) -> None:
        """Delete the backend's snapshot if the policy says so, then let the content go."""
        if content["spec"]["deletionPolicy"] == "Delete":
            self.delete_snapshot(content)
        self._contents.edit(content, lambda draft: objects.drop_finalizers(draft, markers.CONTENT_BOUND))
        self._never_called.discard(objects.uid(content))

    def delete_snapshot(self, content: Json) -> None:
        """Delete the backend's snapshot. A failure is an event only; the status stays as it is (DEL-012)."""
        handle = (content.get("status") or {}).get("snapshotHandle")
        if not handle:
            return
        try:
            credentials = secrets.read(self._contents.client, _deletion_secret(content))
        except SecretError as error:
            self._events.event(content, WARNING, "SnapshotDeleteError", "Failed to get snapshot credentials")
            raise SyncError(str(error)) from error
        try:
            calls.delete(self.peer, handle, credentials)
        except CsiError as error:
            self._events.event(content, WARNING, "SnapshotDeleteError", "Failed to delete snapshot")
            raise SyncError(f"failed to delete snapshot {handle}: {error}") from error

    def _ours(self, content: Json) -> bool:
        if content["spec"]["driver"] != self.peer.name:
            return False
        snapshot_class = self._classes.get(content["spec"].get("volumeSnapshotClassName") or "")
        return snapshot_class is None or snapshot_class["driver"] == self.peer.name

    def advance(self, content: Json) -> None:
        """The next step of a content that is to live."""
        status = content.get("status")
        if status and status.get("readyToUse"):
            # The driver is asked no more (clause STAT-007).
            self._mark(content, None)
            return
        source = content["spec"]["source"]
        first = source.get("snapshotHandle") is None and not status
        try:
            answer = self._look_up(content) if source.get("snapshotHandle") is not None else self._create(content)
        except UNANSWERED as error:
            reason, prefix = _REASONS[first]
            # Read anew: the annotation may have been written since.
            current = self._contents.get(objects.key(content)) or content
            self._status.fail(current, reason, f"{prefix}: {error}")
            raise SyncError(str(error)) from error
        content = self._status.show(content, answer)
        if source.get("snapshotHandle") is None:
            content = self._mark(content, None)
        if not answer.ready:
            raise SyncError(f"snapshot {answer.handle} is not ready yet")

    def _look_up(self, content: Json) -> Found:
        handle = content["spec"]["source"]["snapshotHandle"]
        try:
            credentials = self._inputs.list_secrets(content)
            return calls.look_up(self.peer, handle, credentials)
        except UNANSWERED as error:
            text = f'failed to list snapshot for content {objects.name(content)}: "{error}"'
            raise InputError(text) from error

    def _create(self, content: Json) -> Found:
        volume = content["spec"]["source"]["volumeHandle"]
        called = self._begin(content)
        try:
            name, parameters, credentials = self._inputs.for_creation(content)
        except UNANSWERED:
            self._abandon(content, called)
            raise
        self._never_called.discard(objects.uid(content))
        try:
            return calls.create(self.peer, name, volume, parameters, credentials)
        except CsiError as error:
            if error.code not in MAYBE_RUNNING:
                self._mark(content, None)
            raise InputError(f'failed to take snapshot of the volume {volume}: "{error}"') from error

    def _begin(self, content: Json) -> bool:
        """Set the annotation; whether a call may have been made before."""
        called = objects.annotation(content, markers.BEING_CREATED) is not None
        if not called:
            self._never_called.add(objects.uid(content))
        self._mark(content, markers.YES)
        return objects.uid(content) not in self._never_called

    def _abandon(self, content: Json, called: bool) -> None:
        """An error before the call leaves the annotation (ERR-005), but must not hold up a deletion (FIN-011)."""
        if objects.deleting(content) and not called:
            self._mark(content, None)

    def _mark(self, content: Json, value: str | None) -> Json:
        return self._contents.edit(content, lambda draft: objects.annotate(draft, markers.BEING_CREATED, value))


_REASONS: dict[bool, tuple[str, str]] = {
    True: ("SnapshotCreationFailed", "Failed to create snapshot"),
    False: ("SnapshotContentCheckandUpdateFailed", "Failed to check and update snapshot content"),
}
"""Whether this was the first attempt to create -> reason of the event, start of its text (clause ERR-002)."""


def relevant(before: Json, after: Json) -> bool:
    """A change that the sidecar has to look at: not its own status, nor its own annotation."""
    return _without_own(before) != _without_own(after)


def _without_own(content: Json) -> dict[str, Any]:
    meta = {
        key: value for key, value in content["metadata"].items() if key not in ("resourceVersion", "managedFields")
    }
    annotations = {
        key: value for key, value in (meta.get("annotations") or {}).items() if key != markers.BEING_CREATED
    }
    return {"metadata": {**meta, "annotations": annotations}, "spec": content["spec"]}


def _deletion_secret(content: Json) -> SecretReference | None:
    name = objects.annotation(content, markers.DELETION_SECRET_NAME)
    namespace = objects.annotation(content, markers.DELETION_SECRET_NAMESPACE)
    return SecretReference(name, namespace) if name and namespace else None
