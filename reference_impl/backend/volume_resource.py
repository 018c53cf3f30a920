"""How a volume looks on the wire. It is the largest resource, and the one whose actions follow its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .actions import OFFERED
from .options import OPTIONS
from .records import Attachment, Volume
from .resources import Json, envelope, timestamp
from .urls import Urls

IMAGE = "pytest-csi-snapshot/reference"

ABSENT_FEATURES: Json = {
    "frontend": "blockdev",
    "disableFrontend": False,
    "fromBackup": "",
    "cloneMode": "",
    "image": IMAGE,
    "currentImage": IMAGE,
    "backingImage": "",
    "lastBackup": "",
    "lastBackupAt": "",
    "standby": False,
    "restoreRequired": False,
    "restoreInitiated": False,
    "dataEngine": "v1",
    "snapshotMaxSize": "0",
    "encrypted": False,
    "migratable": False,
    "shareEndpoint": "",
    "shareState": "",
    "diskSelector": [],
    "nodeSelector": [],
    "replicas": [],
    "backupStatus": [],
    "restoreStatus": [],
    "purgeStatus": [],
    "rebuildStatus": [],
}
"""What is the same for every volume here."""


@dataclass(frozen=True)
class Figures:
    """What is not in the record. Sizes in bytes; ``device`` is "" while it is not attached."""

    state: str
    size: int
    actual_size: int
    device: str
    snapshots: int
    warn_from: int


def volume(record: Volume, figures: Figures, urls: Urls) -> Json:
    attached = figures.state == "attached"
    fields = {
        **ABSENT_FEATURES,
        **{name: record.options.get(name, option.default) for name, option in OPTIONS.items()},
        "name": record.name,
        "size": str(figures.size),
        "state": figures.state,
        "robustness": "healthy" if attached else "unknown",
        "ready": True,
        "notReadyMessage": "",
        "dataSource": record.data_source,
        "created": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        "volumeMode": record.mode,
        "lastAttachedBy": record.attachments[0].attached_by if record.attachments else "",
        "conditions": _conditions(record, figures),
        "kubernetesStatus": of_kubernetes(),
        "cloneStatus": _clone_status(record.data_source),
        "controllers": [_controller(record, figures, running=attached)],
        "volumeAttachment": {
            "volume": record.name,
            "attachments": {item.ticket: _attachment(item) for item in record.attachments},
        },
    }
    return envelope("volume", record.name, urls, fields, OFFERED[figures.state])


def _controller(record: Volume, figures: Figures, *, running: bool) -> Json:
    return {
        "name": f"{record.name}-e-0",
        "hostId": record.attachments[0].node if record.attachments else "",
        "address": "",
        "running": running,
        "size": str(figures.size),
        "actualSize": str(figures.actual_size),
        "endpoint": figures.device,
        "isExpanding": False,
        "lastExpansionError": "",
        "lastExpansionFailedAt": "",
    }


def _attachment(record: Attachment) -> Json:
    return {
        "attachmentID": record.ticket,
        "attachmentType": record.kind,
        "nodeID": record.node,
        "parameters": {
            "disableFrontend": "false",
            "lastAttachedBy": record.attached_by,
            "accessMode": record.access_mode,
            "readOnly": str(record.read_only).lower(),
        },
        "satisfied": True,
        "conditions": [],
    }


def _conditions(record: Volume, figures: Figures) -> Json:
    many = figures.snapshots >= figures.warn_from
    found = {"Scheduled": True, "Restore": False, "TooManySnapshots": many}
    message = f"Snapshots count is {figures.snapshots} at or over the warning threshold {figures.warn_from}"
    return {
        kind: {
            "type": kind,
            "status": str(true),
            "lastProbeTime": "",
            "lastTransitionTime": timestamp(record.created),
            "reason": "TooManySnapshots" if kind == "TooManySnapshots" and many else "",
            "message": message if kind == "TooManySnapshots" and many else "",
        }
        for kind, true in found.items()
    }


def of_kubernetes() -> dict[str, Any]:
    """Who uses it there is not known here."""
    return {
        "pvName": "",
        "pvStatus": "",
        "namespace": "",
        "pvcName": "",
        "lastPVCRefAt": "",
        "workloadsStatus": None,
        "lastPodRefAt": "",
    }


def _clone_status(data_source: str) -> Json:
    """A clone is complete when its volume is there."""
    kind, _, rest = data_source.partition("://")
    source, _, cut = rest.partition("/")
    return {
        "sourceVolume": source,
        "snapshot": cut,
        "state": "completed" if kind else "",
        "attemptCount": 0,
        "nextAllowedAttemptAt": "",
    }
