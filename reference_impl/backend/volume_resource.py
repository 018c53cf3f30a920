"""How a volume looks on the wire. It is the largest resource, and the one whose actions follow its state."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..profiles import Profile
from .actions import offered
from .figures import Figures, ReplicaFigures
from .options import OPTIONS
from .records import Attachment, Volume
from .resources import Json, envelope
from .times import timestamp
from .urls import Urls

IMAGE = "pytest-csi-snapshot/reference"

ABSENT_FEATURES: Json = {
    "frontend": "blockdev",
    "cloneMode": "",
    "currentImage": IMAGE,
    "backingImage": "",
    "lastBackup": "",
    "lastBackupAt": "",
    "standby": False,
    "dataEngine": "v1",
    "encrypted": False,
    "migratable": False,
    "shareEndpoint": "",
    "shareState": "",
    "diskSelector": [],
    "nodeSelector": [],
    "backupStatus": [],
}
"""What is the same for every volume here."""


def volume(record: Volume, figures: Figures, urls: Urls, profile: Profile) -> Json:
    faulted = figures.robustness == "faulted"
    fields = {
        **ABSENT_FEATURES,
        profile.image_field: IMAGE,
        **{name: record.options.get(name, option.default) for name, option in OPTIONS.items()},
        "name": record.name,
        "size": str(figures.size),
        "state": figures.state,
        "robustness": figures.robustness,
        "ready": not figures.why_not_ready,
        "notReadyMessage": figures.why_not_ready,
        "disableFrontend": record.disable_frontend,
        "dataSource": record.data_source,
        "fromBackup": record.from_backup,
        "restoreRequired": record.restore == "initiated",
        "restoreInitiated": bool(record.restore),
        "created": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        "volumeMode": record.mode,
        "lastAttachedBy": record.attachments[0].attached_by if record.attachments else "",
        "conditions": _conditions(record, figures, profile),
        "kubernetesStatus": of_kubernetes(),
        "cloneStatus": _clone_status(record.data_source),
        "controllers": [_controller(record, figures)],
        "replicas": [_replica(record, item) for item in figures.replicas],
        "purgeStatus": _purge_status(figures),
        "rebuildStatus": _rebuild_status(figures),
        "restoreStatus": _restore_status(record, figures),
        "volumeAttachment": {
            "volume": record.name,
            "attachments": {
                item.ticket: _attachment(item, figures.waiting.get(item.ticket, "")) for item in record.attachments
            },
        },
    }
    return envelope("volume", record.name, urls, fields, offered(figures.state, profile, faulted=faulted))


def _controller(record: Volume, figures: Figures) -> Json:
    text, at = figures.expansion_error
    return {
        "name": f"{record.name}-e-0",
        "hostId": record.node,
        "address": "",
        "running": figures.state == "attached",
        "size": str(figures.size),
        "actualSize": str(figures.actual_size),
        "endpoint": figures.device,
        "isExpanding": False,
        "lastExpansionError": text,
        "lastExpansionFailedAt": timestamp(at) if text else "",
    }


def _replica(record: Volume, figures: ReplicaFigures) -> Json:
    """Its mode is known while the volume is attached, as that of an engine's replica."""
    running = bool(record.node) and figures.mode != "ERR"
    return {
        "name": figures.name,
        "hostId": record.node,
        "address": "",
        "running": running,
        "image": IMAGE,
        "currentImage": IMAGE if running else "",
        "instanceManagerName": "",
        "diskID": "pool",
        "diskPath": str(Path(figures.path).parent.parent),
        "dataPath": figures.path,
        "mode": figures.mode if record.node or figures.mode == "ERR" else "",
        "failedAt": timestamp(figures.failed_at) if figures.failed_at else "",
        "dataEngine": "v1",
    }


def _purge_status(figures: Figures) -> list[Json]:
    """Of the last one; it was complete when its call was answered."""
    status = {"isPurging": False, "progress": 100, "error": "", "state": "complete"}
    return [{"replica": item.name, **status} for item in figures.replicas if figures.purged and item.mode == "RW"]


def _rebuild_status(figures: Figures) -> list[Json]:
    """Of the replica that is being rebuilt, or was the last to be."""
    found = []
    source = next((item.name for item in figures.replicas if item.mode == "RW"), "")
    for item in figures.replicas:
        if item.mode == "WO" or item.name == figures.rebuilt:
            busy = item.mode == "WO"
            status = {"isRebuilding": busy, "progress": 0 if busy else 100, "error": ""}
            state = "in_progress" if busy else "complete"
            found.append({"replica": item.name, "fromReplica": source, **status, "state": state})
    return found


def _restore_status(record: Volume, figures: Figures) -> list[Json]:
    """The state is Longhorn's for a job of its engine."""
    if not record.restore:
        return []
    state = {"initiated": "in_progress", "completed": "complete", "failed": "error"}[record.restore]
    busy = record.restore == "initiated"
    status = {
        "isRestoring": busy,
        "lastRestored": record.from_backup if record.restore == "completed" else "",
        "progress": figures.restored if busy else 100 if record.restore == "completed" else 0,
        "error": record.restore_error,
        "filename": "",
        "state": state,
        "backupURL": record.from_backup,
    }
    return [{"replica": item.name, **status} for item in figures.replicas]


def _attachment(record: Attachment, why_not: str) -> Json:
    satisfied = {
        "type": "Satisfied",
        "status": str(not why_not),
        "lastProbeTime": "",
        "lastTransitionTime": "",
        "reason": "",
        "message": why_not,
    }
    return {
        "attachmentID": record.ticket,
        "attachmentType": record.kind,
        "nodeID": record.node,
        "parameters": {
            "disableFrontend": record.disable_frontend,
            "lastAttachedBy": record.attached_by,
            "accessMode": record.access_mode,
            "readOnly": str(record.read_only).lower(),
        },
        "satisfied": not why_not,
        "conditions": [satisfied],
    }


def _conditions(record: Volume, figures: Figures, profile: Profile) -> Json:
    many = figures.snapshots >= figures.warn_from
    count = f"Snapshots count is {figures.snapshots} at or over the warning threshold {figures.warn_from}"
    found = {
        "Scheduled": (True, "", ""),
        "Restore": {
            "": (False, "", ""),
            "initiated": (True, "RestoreInProgress", ""),
            "completed": (False, "", ""),
            "failed": (False, "RestoreFailure", record.restore_error),
        }[record.restore],
        "TooManySnapshots": (True, "TooManySnapshots", count) if many else (False, "", ""),
    }
    return {
        (kind.lower() if profile.lower_case_conditions else kind): {
            "type": kind.lower() if profile.lower_case_conditions else kind,
            "status": str(true),
            "lastProbeTime": "",
            "lastTransitionTime": timestamp(record.created),
            "reason": reason,
            "message": message,
        }
        for kind, (true, reason, message) in found.items()
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
