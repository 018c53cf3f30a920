"""The REST API's part about groups of snapshots: no thing of Longhorn's, but in the form of its others."""

from __future__ import annotations

import contextlib

from starlette.routing import Route

from . import resources
from .calls import Call, Json
from .engine import Engine
from .errors import BackendError
from .groups import Groups
from .records import Group
from .serving import route
from .snapshot_calls import SnapshotCalls
from .snapshots import Snapshots


class GroupCalls:
    """The addresses of groups."""

    def __init__(self, engine: Engine, members: SnapshotCalls) -> None:
        self._groups = Groups(engine)
        self._snapshots = Snapshots(engine)
        self._members = members

    def routes(self) -> list[Route]:
        return [
            route("/v1/groupsnapshots", "GET", self._list),
            route("/v1/groupsnapshots", "POST", self._create),
            route("/v1/groupsnapshots/{name}", "GET", lambda call: self._group(call, self._groups.get(call.name))),
            route("/v1/groupsnapshots/{name}", "DELETE", lambda call: self._groups.delete(call.name)),
        ]

    def _list(self, call: Call) -> Json:
        found = []
        for group in self._groups.all():
            with contextlib.suppress(FileNotFoundError, BackendError):  # deleted since the list was made
                found.append(self._group(call, group))
        return resources.collection("groupSnapshot", call.urls, found)

    def _create(self, call: Call) -> Json:
        made = self._groups.create(call.text("name"), call.texts("volumes"), call.labels())
        return self._group(call, made)

    def _group(self, call: Call, group: Group) -> Json:
        members = [self._members.cr(call, self._snapshots.get(name)) for name in group.members]
        return resources.group(group, members, call.urls)
