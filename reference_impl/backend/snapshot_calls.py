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
from .replica.names import HEAD
from .replica.tree import Layer, Tree
from .resources import Place
from .serving import Handler, route
from .snapshots import Snapshots
from .store import Store
from .volumes import Volumes


class SnapshotCalls:
    """Actions of volumes, and the addresses of snapshots."""

    def __init__(self, engine: Engine) -> None:
        self._volumes = Volumes(engine)
        self._snapshots = Snapshots(engine)
        self.actions: dict[str, Handler] = {
            "snapshotCreate": self._create,
            "snapshotGet": self._get,
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

    def delete_layer(self, call: Call) -> None:
        """Mark the one named in the body as removed. One that the volume does not have is as good."""
        self._snapshots.mark(call.name, call.text("name"))

    def _create(self, call: Call) -> Json:
        name = call.text("name", "") or str(uuid.uuid4())
        made = self._snapshots.create(call.name, name, call.labels())
        return self._layer(call, self._snapshots.store(made), made.name)

    def _create_cr(self, call: Call) -> Json:
        name = call.text("name", "") or f"snap-{uuid.uuid4().hex[:16]}"
        return self.cr(call, self._snapshots.create(call.name, name, call.labels()))

    def _delete_cr(self, call: Call) -> Json:
        found = self._snapshots.find(call.name, call.text("name"))
        if found is not None:
            self._snapshots.delete(found.name)
        return {"type": "empty", "links": {}, "actions": {}}

    def _get(self, call: Call) -> Json:
        name = call.text("name")
        store = self._volumes.store(self._volumes.get(call.name))
        if store.tree.layer(name) is None:
            raise self._missing(call.name, name)
        return self._layer(call, store, name)

    def _list(self, call: Call) -> Json:
        """All layers, each after its parent, the live data last."""
        store = self._volumes.store(self._volumes.get(call.name))
        sizes = store.usage()
        tree = store.tree
        found = [
            resources.snapshot(_place(tree, name, sizes.get(name, 0)), call.urls)
            for name in (*tree.oldest_first(), HEAD)
        ]
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
            raise self._missing(call.name, name)
        return found

    def _missing(self, volume: str, name: str) -> BackendError:
        return BackendError("NotFound", f"cannot find snapshot '{name}' for volume '{volume}'")

    def _each(self, call: Call, found: list[Snapshot], show: Callable[[Call, Snapshot], Json]) -> list[Json]:
        shown = []
        for item in found:
            with contextlib.suppress(BackendError):  # deleted since the list was made
                shown.append(show(call, item))
        return shown

    def _layer(self, call: Call, store: Store, name: str) -> Json:
        return resources.snapshot(_place(store.tree, name, store.usage().get(name, 0)), call.urls)

    def cr(self, call: Call, item: Snapshot) -> Json:
        """The form that stands alone."""
        store = self._snapshots.store(item)
        if not store.replicas.good:
            lost = f"lost track of the corresponding snapshot info inside volume engine: {item.volume} is faulted"
            return resources.snapshot_cr(item, Place(Layer(item.name), [], 0), 0, lost, call.urls)
        with store.looking:
            place = _place(store.tree, item.name, store.usage().get(item.name, 0))
            return resources.snapshot_cr(item, place, store.size_of(item.name), "", call.urls)


def _place(tree: Tree, name: str, size: int) -> Place:
    layer = tree.layer(name)
    if layer is None:
        raise BackendError("NotFound", f"snapshot {name} not found")
    return Place(layer, tree.children(name), size)
