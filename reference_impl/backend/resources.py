"""How objects look on the wire: Longhorn's field names and its envelope (id, type, links, actions).

Fields that Longhorn has and this backend has nothing for are left out. Sizes are strings, as there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .records import Attachment, Group, Node, Snapshot, Volume

Json = dict[str, Any]

VOLUME_ACTIONS = ("attach", "detach", "expand", "snapshotCreate", "snapshotGet", "snapshotList", "snapshotDelete")


def volume(record: Volume, *, base: str, size: int, actual_size: int, device: str) -> Json:
    """``size`` and ``actual_size`` in bytes; ``device`` is "" while it is not attached."""
    state = "attached" if record.attachments else "detached"
    fields = {
        "name": record.name,
        "size": str(size),
        "state": state,
        "robustness": "healthy" if record.attachments else "unknown",
        "ready": True,
        "frontend": "blockdev",
        "dataSource": record.data_source,
        "created": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        "volumeMode": record.mode,
        "controllers": [
            {
                "name": f"{record.name}-e-0",
                "hostId": record.attachments[0].node if record.attachments else "",
                "running": bool(record.attachments),
                "size": str(size),
                "actualSize": str(actual_size),
                "endpoint": device,
                "isExpanding": False,
            }
        ],
        "volumeAttachment": {
            "volume": record.name,
            "attachments": {item.node: attachment(item) for item in record.attachments},
        },
    }
    actions = {action: f"{base}/v1/volumes/{record.name}?action={action}" for action in VOLUME_ACTIONS}
    return envelope("volume", record.name, f"{base}/v1/volumes/{record.name}", fields, actions)


def attachment(record: Attachment) -> Json:
    return {
        "attachmentID": record.node,
        "attachmentType": "csi-attacher",
        "nodeID": record.node,
        "parameters": {"accessMode": record.access_mode, "readOnly": str(record.read_only).lower()},
        "satisfied": True,
    }


def snapshot(record: Snapshot, *, base: str, size: int) -> Json:
    """``size`` in bytes is what a restore needs. Times have whole seconds, as in Longhorn."""
    fields = {
        "name": record.name,
        "volume": record.volume,
        "creationTime": _whole_seconds(record.created),
        "restoreSize": str(size),
        "readyToUse": True,
        "userCreated": True,
        "labels": record.labels,
        "group": record.group,
    }
    return envelope("snapshot", record.name, f"{base}/v1/snapshots/{record.name}", fields)


def group(record: Group, snapshots: list[Json], *, base: str) -> Json:
    """Longhorn has no such thing; ``snapshots`` are the members as resources."""
    fields = {
        "name": record.name,
        "creationTime": _whole_seconds(record.created),
        "readyToUse": all(item["readyToUse"] for item in snapshots),
        "labels": record.labels,
        "snapshots": snapshots,
    }
    return envelope("groupSnapshot", record.name, f"{base}/v1/groupsnapshots/{record.name}", fields)


def node(record: Node, *, base: str) -> Json:
    return envelope("node", record.name, f"{base}/v1/nodes/{record.name}", {"name": record.name})


def envelope(kind: str, identifier: str, link: str, fields: Json, actions: dict[str, str] | None = None) -> Json:
    """One resource."""
    return {"id": identifier, "type": kind, "links": {"self": link}, "actions": actions or {}, **fields}


def collection(kind: str, link: str, data: list[Json]) -> Json:
    """A list of resources."""
    return {"type": "collection", "resourceType": kind, "links": {"self": link}, "actions": {}, "data": data}


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


def _whole_seconds(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
