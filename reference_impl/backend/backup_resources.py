"""How backups, their volumes and their targets look on the wire, and what a volume tells of them."""

from __future__ import annotations

from .backup_fields import BACKUP_TARGET_ACTIONS, BACKUP_VOLUME_ACTIONS
from .backup_records import Target
from .backup_shelf import Backup, BackupVolume
from .resources import Json, envelope
from .urls import Urls


def backup(item: Backup, urls: Urls) -> Json:
    fields = {
        "name": item.name,
        "state": item.state,
        "progress": item.progress,
        "error": item.error,
        "url": item.url,
        "snapshotName": item.snapshot,
        "snapshotCreated": item.snapshot_created,
        "created": item.created,
        "size": str(item.size),
        "labels": item.labels,
        "backupMode": item.mode,
        "messages": {"error": item.message} if item.message else {},
        "volumeName": item.volume,
        "volumeSize": str(item.volume_size),
        "volumeCreated": item.volume_created,
        "volumeBackingImageName": "",
        "compressionMethod": item.compression,
        "newlyUploadDataSize": str(item.newly_uploaded),
        "reUploadedDataSize": str(item.re_uploaded),
        "backupTargetName": item.target,
        "blockSize": str(item.block_size),
    }
    return envelope("backup", item.name, urls, fields)


def backup_volume(item: BackupVolume, urls: Urls) -> Json:
    config = item.config
    fields = {
        "name": item.name,
        "size": str(config.size) if config else "0",
        "labels": config.labels if config else {},
        "created": config.created if config else "",
        "lastBackupName": config.last_backup if config else "",
        "lastBackupAt": config.last_backup_at if config else "",
        "dataStored": str(item.stored),
        "messages": {"error": item.message} if item.message else {},
        "backingImageName": config.backing_image if config else "",
        "backingImageChecksum": config.backing_image_checksum if config else "",
        "storageClassName": config.storage_class if config else "",
        "backupTargetName": item.target,
        "volumeName": item.volume,
    }
    return envelope("backupVolume", item.name, urls, fields, tuple(BACKUP_VOLUME_ACTIONS))


def backup_target(item: Target, trouble: str, urls: Urls, *, changeable: bool) -> Json:
    """``trouble`` is why it cannot be used, "" if it can."""
    fields = {
        "name": item.name,
        "backupTargetURL": item.url,
        "credentialSecret": item.credential_secret,
        "pollInterval": duration(item.poll_interval),
        "available": not trouble,
        "message": trouble,
    }
    return envelope("backupTarget", item.name, urls, fields, tuple(BACKUP_TARGET_ACTIONS) if changeable else ())


def backup_status(item: Backup) -> Json:
    """What a volume tells of one of its backups."""
    return {
        "id": item.name,
        "snapshot": item.snapshot,
        "progress": item.progress,
        "backupURL": item.url,
        "error": item.error,
        "state": item.state,
        "replica": "",
        "size": str(item.size),
    }


def duration(seconds: int) -> str:
    """As Go writes one: 300 is "5m0s"."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    larger = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{larger}{rest}s"
