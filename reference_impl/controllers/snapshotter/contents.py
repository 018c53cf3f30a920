"""The contents of single snapshots. A member of a group is looked up only: its group was cut, and is deleted."""

from __future__ import annotations

from collections.abc import Callable

from .. import markers
from ..csi.sidecar import Peer
from ..forms import GROUP, SINGLE
from ..kube import objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.events import Recorder
from . import calls
from .calls import Found
from .inputs import InputError, Inputs
from .lifecycle import UNANSWERED, Lifecycle


class Contents(Lifecycle[Found]):
    """Brings VolumeSnapshotContents of one driver to the state that their spec asks for."""

    form = SINGLE

    def __init__(
        self, peer: Peer, contents: Collection, classes: Collection, events: Recorder, inputs: Inputs
    ) -> None:
        super().__init__(peer, contents, classes, events)
        self._inputs = inputs

    def advance(self, content: Json) -> None:
        """As with a group; but a member is left alone until the snapshot-controller has written its handle."""
        if _member(content) and not self.known(content):
            return
        super().advance(content)

    def delete_snapshot(self, content: Json) -> None:
        """As with a group; but a member goes with its group, and is never deleted by itself (clause GRP-008)."""
        if not (content.get("status") or {}).get(GROUP.handle_field):
            super().delete_snapshot(content)

    def known(self, content: Json) -> bool:
        handle = (content.get("status") or {}).get(SINGLE.handle_field)
        return super().known(content) or (_member(content) and bool(handle))

    def look_up(self, content: Json) -> Found:
        source = content["spec"]["source"].get(SINGLE.existing_field)
        try:
            if source is not None:
                return calls.look_up(self.peer, source, self._inputs.list_secrets(content))
            # A member has no class that could name a secret for it.
            handle = content["status"][SINGLE.handle_field]
            return calls.look_up(self.peer, handle, self.deletion_secrets(content))
        except UNANSWERED as error:
            text = f'failed to list snapshot for content {objects.name(content)}: "{error}"'
            raise InputError(text) from error

    def prepare(self, content: Json) -> Callable[[], Found]:
        name, parameters, credentials = self._inputs.for_creation(content)
        volume = content["spec"]["source"][SINGLE.volume_field]
        return lambda: calls.create(self.peer, name, volume, parameters, credentials)

    def delete(self, content: Json, credentials: dict[str, str]) -> None:
        calls.delete(self.peer, content["status"][SINGLE.handle_field], credentials)

    def found(self, status: Json, answer: Found) -> Json:
        """STAT-002 to STAT-005; the group of an imported member is what the driver says (clause GRP-010)."""
        result = dict(status)
        result.setdefault(SINGLE.handle_field, answer.handle)
        result.setdefault("creationTime", answer.created)
        if answer.size > 0:
            result.setdefault("restoreSize", answer.size)
        if answer.group:
            result.setdefault(GROUP.handle_field, answer.group)
        result["readyToUse"] = answer.ready
        if answer.ready:
            result.pop("error", None)
        return result


def _member(content: Json) -> bool:
    """The snapshot-controller made the content for a member of a group."""
    return objects.annotation(content, markers.GROUP_HANDLE) is not None
