"""The contents of group snapshots. What they have in common with those of single ones is in ``lifecycle``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ... import clock
from ...csi.sidecar import Peer
from ...forms import GROUP
from ...kube import objects
from ...kube.client import Json
from ...kube.collection import Collection
from ...kube.events import Recorder
from ..inputs import InputError
from ..lifecycle import UNANSWERED, Lifecycle
from . import calls
from .calls import FoundGroup
from .inputs import GroupInputs

_LIST = "volumeSnapshotInfoList"
"""Field of the status: the members of a group that was cut for this content."""
_HANDLES = "volumeSnapshotHandles"
"""Field of the source: the members of an imported group."""


class GroupContents(Lifecycle[FoundGroup]):
    """Brings VolumeGroupSnapshotContents of one driver to the state that their spec asks for."""

    form = GROUP

    def __init__(
        self, peer: Peer, contents: Collection, classes: Collection, events: Recorder, inputs: GroupInputs
    ) -> None:
        super().__init__(peer, contents, classes, events)
        self._inputs = inputs

    def look_up(self, content: Json) -> FoundGroup:
        handles = content["spec"]["source"][GROUP.existing_field]
        try:
            credentials = self._inputs.get_secrets(content)
            return calls.look_up(self.peer, handles[GROUP.handle_field], handles[_HANDLES], credentials)
        except UNANSWERED as error:
            text = f'failed to get group snapshot for content {objects.name(content)}: "{error}"'
            raise InputError(text) from error

    def prepare(self, content: Json) -> Callable[[], FoundGroup]:
        try:
            name, parameters = self._inputs.for_creation(content)
            credentials = self.deletion_secrets(content)
        except UNANSWERED as error:
            title = objects.name(content)
            text = f'failed to get input parameters to create group snapshot for content {title}: "{error}"'
            raise InputError(text) from error
        volumes = content["spec"]["source"][GROUP.volume_field]
        return lambda: calls.create(self.peer, name, volumes, parameters, credentials)

    def delete(self, content: Json, credentials: dict[str, str]) -> None:
        handle = content["status"][GROUP.handle_field]
        calls.delete(self.peer, handle, _member_handles(content), credentials)

    def found(self, status: Json, answer: FoundGroup) -> Json:
        """By analogy with STAT-002 to STAT-005."""
        result = dict(status)
        result.setdefault(GROUP.handle_field, answer.handle)
        result.setdefault("creationTime", clock.rfc3339_of_ns(answer.created))
        if answer.members:
            result[_LIST] = _merged(result.get(_LIST) or [], answer.members)
        result["readyToUse"] = answer.ready
        if answer.ready:
            result.pop("error", None)
        return result


def _merged(before: Sequence[Json], after: Sequence[Json]) -> list[Json]:
    """The members as the driver lists them now; of those known before only ``readyToUse`` changes."""
    known = {entry["snapshotHandle"]: entry for entry in before}
    return [
        {**entry, **known.get(entry["snapshotHandle"], {}), "readyToUse": entry["readyToUse"]} for entry in after
    ]


def _member_handles(content: Json) -> list[str]:
    """The handles of all members: the driver checks that the caller knows them."""
    existing = content["spec"]["source"].get(GROUP.existing_field)
    if existing is not None:
        return [str(handle) for handle in existing[_HANDLES]]
    return [str(entry["snapshotHandle"]) for entry in content["status"].get(_LIST) or []]
