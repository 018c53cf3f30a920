"""The fields and actions of backups, their volumes and their targets; ``fields`` has the others."""

from __future__ import annotations

from .actions import Action
from .fields import Field


def _told(**kinds: str) -> dict[str, Field]:
    return {name: Field(kind) for name, kind in kinds.items()}


def _sent(**kinds: str) -> dict[str, Field]:
    return {name: Field(kind, create=True) for name, kind in kinds.items()}


BACKUP_FIELDS: dict[str, dict[str, Field]] = {
    "backup": _told(
        name="string",
        state="string",
        progress="int",
        error="string",
        url="string",
        snapshotName="string",
        snapshotCreated="string",
        created="string",
        size="string",
        labels="map[string]",
        backupMode="string",
        messages="map[string]",
        volumeName="string",
        volumeSize="string",
        volumeCreated="string",
        volumeBackingImageName="string",
        compressionMethod="string",
        newlyUploadDataSize="string",
        reUploadedDataSize="string",
        backupTargetName="string",
        blockSize="string",
    ),
    "backupListOutput": _told(data="array[backup]"),
    "backupVolume": _told(
        name="string",
        size="string",
        labels="map[string]",
        created="string",
        lastBackupName="string",
        lastBackupAt="string",
        dataStored="string",
        messages="map[string]",
        backingImageName="string",
        backingImageChecksum="string",
        storageClassName="string",
        backupTargetName="string",
        volumeName="string",
    ),
    "backupTarget": {
        "name": Field("string", required=True, unique=True, create=True),
        "backupTargetURL": Field("string", "", create=True, update=True),
        "credentialSecret": Field("string", "", create=True, update=True),
        "pollInterval": Field("string", "300", create=True, update=True),
        **_told(available="bool", message="string"),
    },
    "backupStatus": _told(
        id="string",
        snapshot="string",
        progress="int",
        backupURL="string",
        error="string",
        state="string",
        replica="string",
        size="string",
    ),
    "backupInput": _sent(name="string"),
    "snapshotBackupInput": _sent(name="string", labels="map[string]", backupMode="string"),
    "backupListInput": _sent(name="string"),
    "syncBackupResource": _sent(syncBackupVolume="bool", syncBackupTarget="bool"),
    "backupTargetInput": _sent(backupTargetURL="string", credentialSecret="string", pollInterval="string"),
}

BACKUP_VOLUME_ACTIONS: dict[str, Action] = {
    "backupList": Action("", "backupListOutput"),
    "backupListByVolume": Action("backupListInput", "backupListOutput"),
    "backupGet": Action("backupInput", "backup"),
    "backupDelete": Action("backupInput", "backupVolume"),
    "backupVolumeSync": Action("syncBackupResource", "backupVolume"),
}

BACKUP_TARGET_ACTIONS: dict[str, Action] = {
    "backupTargetSync": Action("syncBackupResource", "backupTarget"),
    "backupTargetUpdate": Action("backupTargetInput", "backupTarget"),
}
