"""The REST API's part about snapshots, in both of Longhorn's forms.

``snapshot`` is a layer of an attached volume; ``snapshotCR`` is the same thing by itself, which can also be had
of a detached volume and, other than in Longhorn, outlives it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable

from starlette.routing import Route

from . import resources
from .calls import Call, Json
from .engine import Engine
from .errors import BackendError
from .records import Snapshot
from .resources import Link
from .serving import Handler, route
from .snapshots import Snapshots
from .volumes import Volumes


class SnapshotCalls:
    """Actions of volumes, and the addresses of snapshots."""

    def __init__(self, engine: Engine) -> None:
        self._volumes = Volumes(engine)
        self._snapshots = Snapshots(engine)
        self.actions: dict[str, Handler] = {
            "snapshotCreate": self._create,
            "snapshotGet": lambda call: self._layer(call, self._named(call)),
            "snapshotList": self._list,
            "snapshotCRCreate": self._create_cr,
            "snapshotCRGet": lambda call: self.cr(call, self._named(call)),
            "snapshotCRList": lambda call: self._crs(call, call.name),
            "snapshotCRDelete": self._delete_cr,
        }

    def routes(self) -> list[Route]:
        return [
            route("/v1/snapshotcrs", "GET", lambda call: self._crs(call, call.query.get("volume", ""))),
            route("/v1/snapshotcrs/{name}", "GET", lambda call: self.cr(call, self._snapshots.get(call.name))),
            route("/v1/snapshotcrs/{name}", "DELETE", lambda call: self._snapshots.delete(call.name)),
        ]

    def count(self, volume: str) -> int:
        return len(self._snapshots.all(volume))

    def delete_of_volume(self, call: Call) -> None:
        """The one named in the body. One that the volume does not have is as good."""
        found = self._snapshots.find(call.name, call.text("name"))
        if found is not None:
            self._snapshots.delete(found.name)

    def _create(self, call: Call) -> Json:
        name = call.text("name", "") or str(uuid.uuid4())
        return self._layer(call, self._snapshots.create(call.name, name, call.labels()))

    def _create_cr(self, call: Call) -> Json:
        name = call.text("name", "") or f"snap-{uuid.uuid4().hex[:16]}"
        return self.cr(call, self._snapshots.create(call.name, name, call.labels()))

    def _delete_cr(self, call: Call) -> Json:
        self.delete_of_volume(call)
        return {"type": "empty", "links": {}, "actions": {}}

    def _list(self, call: Call) -> Json:
        """The volume's snapshots, oldest first, and its live data."""
        volume = self._volumes.get(call.name)
        chain = self._snapshots.chain(call.name)
        found = self._each(call, chain, self._layer)
        parent = chain[-1].name if chain else ""
        found.append(resources.head(parent, self._volumes.actual_size(volume), call.urls))
        return resources.collection("snapshot", call.urls, found)

    def _crs(self, call: Call, volume: str) -> Json:
        """Of one volume, or all; sorted by name."""
        found = self._each(call, self._snapshots.all(volume), self.cr)
        return resources.collection("snapshotCR", call.urls, found)

    def _named(self, call: Call) -> Snapshot:
        """The one named in the body. Raises BackendError NotFound also for another volume's."""
        name = call.text("name")
        found = self._snapshots.find(call.name, name)
        if found is None:
            raise BackendError("NotFound", f"cannot find snapshot '{name}' for volume '{call.name}'")
        return found

    def _each(self, call: Call, found: list[Snapshot], show: Callable[[Call, Snapshot], Json]) -> list[Json]:
        shown = []
        for item in found:
            with contextlib.suppress(FileNotFoundError):  # deleted since the list was made
                shown.append(show(call, item))
        return shown

    def _layer(self, call: Call, item: Snapshot) -> Json:
        return resources.snapshot(item, self._link(item), call.urls)

    def cr(self, call: Call, item: Snapshot) -> Json:
        """The form that stands alone."""
        return resources.snapshot_cr(item, self._link(item), self._snapshots.size(item), call.urls)

    def _link(self, item: Snapshot) -> Link:
        parent, child = self._snapshots.neighbours(item)
        return Link(parent, child, self._snapshots.actual_size(item))
