"""The fields and actions of backups, their volumes and their targets; ``fields`` has the others."""

from __future__ import annotations

from .actions import Action
from .fields import Field, inputs, outputs

BACKUP_FIELDS: dict[str, dict[str, Field]] = {
    "backup": outputs(
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
    "backupListOutput": outputs(data="array[backup]"),
    "backupVolume": outputs(
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
        **outputs(available="bool", message="string"),
    },
    "backupStatus": outputs(
        id="string",
        snapshot="string",
        progress="int",
        backupURL="string",
        error="string",
        state="string",
        replica="string",
        size="string",
    ),
    "restoreStatus": outputs(
        replica="string",
        isRestoring="bool",
        lastRestored="string",
        progress="int",
        error="string",
        filename="string",
        state="string",
        backupURL="string",
    ),
    "backupInput": inputs(name="string"),
    "snapshotBackupInput": inputs(name="string", labels="map[string]", backupMode="string"),
    "backupListInput": inputs(name="string"),
    "syncBackupResource": inputs(syncBackupVolume="bool", syncBackupTarget="bool"),
    "backupTargetInput": inputs(backupTargetURL="string", credentialSecret="string", pollInterval="string"),
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
