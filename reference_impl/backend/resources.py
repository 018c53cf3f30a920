"""How objects look on the wire: Longhorn's field names and its envelope (id, type, links, actions).

Sizes are strings, as there, except where it has numbers. What it has and this backend has not is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .events import Event
from .records import Group, Node, Snapshot
from .schemas import METHODS
from .settings import Definition
from .snapshots import HEAD
from .urls import Urls

Json = dict[str, Any]


@dataclass(frozen=True)
class Link:
    """A snapshot's place in its volume; ``actual_size`` in bytes."""

    parent: str
    child: str
    actual_size: int


def snapshot(record: Snapshot, link: Link, urls: Urls) -> Json:
    """The form that is part of its volume."""
    return _layer(urls, record.name, link, timestamp(record.created), record.labels, user_created=True)


def head(parent: str, actual_size: int, urls: Urls) -> Json:
    """The live data, listed beside the snapshots."""
    return _layer(urls, HEAD, Link(parent, "", actual_size), "", {}, user_created=False)


def _layer(urls: Urls, name: str, link: Link, created: str, labels: dict[str, str], *, user_created: bool) -> Json:
    fields = {
        "name": name,
        "parent": link.parent,
        "children": {link.child: True} if link.child else {},
        "removed": False,
        "usercreated": user_created,
        "created": created,
        "size": str(link.actual_size),
        "labels": labels,
        "checksum": "",
    }
    return envelope("snapshot", name, urls, fields)


def snapshot_cr(record: Snapshot, link: Link, size: int, urls: Urls) -> Json:
    """The form that stands alone; ``size`` in bytes is what a restore needs. Times have whole seconds."""
    fields = {
        "name": record.name,
        "volume": record.volume,
        "crCreationTime": timestamp(record.created),
        "createSnapshot": True,
        "parent": link.parent,
        "children": {link.child: True} if link.child else {},
        "markRemoved": False,
        "userCreated": True,
        "creationTime": timestamp(record.created),
        "size": link.actual_size,
        "restoreSize": size,
        "readyToUse": True,
        "labels": record.labels,
        "group": record.group,
        "ownerID": "",
        "error": "",
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


def timestamp(seconds: float) -> str:
    """RFC 3339, in whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
