"""How objects look on the wire: Longhorn's field names and its envelope (id, type, links, actions).

Sizes are strings, as there, except where it has numbers. What it has and this backend has not is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .events import Event
from .layers import shown_labels
from .records import Group, Node, Snapshot
from .replica.tree import Layer
from .schemas import METHODS
from .settings import Definition
from .times import timestamp
from .urls import Urls

Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A layer's place in its volume; ``size`` in bytes is what it holds itself."""

    layer: Layer
    children: list[str]
    size: int


def snapshot(place: Place, urls: Urls) -> Json:
    """The form that is part of its volume, of the live data too."""
    layer = place.layer
    fields = {
        "name": layer.name,
        "parent": layer.parent,
        "children": dict.fromkeys(place.children, True),
        "removed": layer.removed,
        "usercreated": layer.user_created,
        "created": layer.created,
        "size": str(place.size),
        "labels": shown_labels(layer),
        "checksum": "",
    }
    return envelope("snapshot", layer.name, urls, fields)


def snapshot_cr(record: Snapshot, place: Place, size: int, error: str, urls: Urls) -> Json:
    """The form that stands alone; ``size`` in bytes is what a restore needs. Times have whole seconds."""
    fields = {
        "name": record.name,
        "volume": record.volume,
        "crCreationTime": timestamp(record.created),
        "createSnapshot": True,
        "parent": place.layer.parent,
        "children": dict.fromkeys(place.children, True),
        "markRemoved": place.layer.removed,
        "userCreated": True,
        "creationTime": timestamp(record.created),
        "size": place.size,
        "restoreSize": size,
        "readyToUse": not error,
        "labels": record.labels,
        "group": record.group,
        "ownerID": "",
        "error": error,
        "checksum": "",
    }
    return envelope("snapshotCR", record.name, urls, fields)


def group(record: Group, snapshots: list[Json], urls: Urls) -> Json:
    """Longhorn has no such thing; ``snapshots`` are the members as resources."""
    fields = {
        "name": record.name,
        "creationTime": timestamp(record.created),
        "readyToUse": all(item["readyToUse"] for item in snapshots),
        "labels": record.labels,
        "snapshots": snapshots,
    }
    return envelope("groupSnapshot", record.name, urls, fields)


@dataclass(frozen=True)
class Disk:
    """The pool, in bytes."""

    path: str
    available: int
    scheduled: int
    maximum: int


def node(record: Node, disk: Disk, urls: Urls) -> Json:
    """The pool is reached from every node, so each shows it."""
    conditions = {
        kind: {"type": kind, "status": "True", "reason": "", "message": ""} for kind in ("Ready", "Schedulable")
    }
    shown = {
        "path": disk.path,
        "diskType": "filesystem",
        "allowScheduling": True,
        "storageAvailable": disk.available,
        "storageScheduled": disk.scheduled,
        "storageMaximum": disk.maximum,
    }
    fields = {
        "name": record.name,
        "address": record.address,
        "allowScheduling": True,
        "evictionRequested": False,
        "disks": {"pool": shown},
        "conditions": conditions,
        "tags": [],
        "region": "",
        "zone": "",
    }
    return envelope("node", record.name, urls, fields)


def setting(name: str, value: str, definition: Definition, urls: Urls) -> Json:
    described = {
        "displayName": definition.display,
        "description": definition.description,
        "category": definition.category,
        "type": definition.kind,
        "required": True,
        "readOnly": False,
        "default": definition.default,
        "options": list(definition.options),
    }
    return envelope(
        "setting", name, urls, {"name": name, "value": value, "applied": True, "definition": described}
    )


def event(record: Event, urls: Urls) -> Json:
    """The inner event has the form of a Kubernetes event."""
    at = timestamp(record.time)
    inner = {
        "metadata": {"name": record.name, "creationTimestamp": at},
        "involvedObject": {"kind": record.kind, "name": record.subject},
        "reason": record.reason,
        "message": record.message,
        "type": "Normal",
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": "backend"},
    }
    return envelope("event", record.name, urls, {"event": inner, "eventType": "Normal"})


def envelope(kind: str, name: str, urls: Urls, fields: Json, actions: tuple[str, ...] = ()) -> Json:
    """One resource. A kind without addresses has no link to itself."""
    address = urls.resource(kind, name)
    return {
        "id": name,
        "type": kind,
        "links": {"self": address} if kind in METHODS else {},
        "actions": {action: f"{address}?action={action}" for action in actions},
        **fields,
    }


def collection(kind: str, urls: Urls, data: list[Json]) -> Json:
    """A list of resources."""
    methods = METHODS.get(kind)
    create = {kind: urls.collection(kind)} if methods and "POST" in methods.collection else None
    return {
        "type": "collection",
        "resourceType": kind,
        "links": {"self": urls.collection(kind)} if methods else {},
        "createTypes": create,
        "actions": {},
        "pagination": None,
        "sort": None,
        "sortLinks": None,
        "filters": None,
        "createDefaults": None,
        "data": data,
    }


def error(status: int, code: str, message: str) -> Json:
    """What a refused request is answered with."""
    return {
        "type": "error",
        "status": status,
        "code": code,
        "message": message,
        "detail": "",
        "links": {},
        "actions": {},
    }
