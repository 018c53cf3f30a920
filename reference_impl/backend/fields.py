"""The fields of each kind of object and of each action's input, by schema id: Longhorn's names and types.

A few are not Longhorn's: DEVIATIONS.md has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .options import OPTIONS, UPDATES


@dataclass(frozen=True)
class Field:
    """One field as a schema tells it. ``create`` and ``update``: clients may send it then."""

    type: str
    default: Any = None
    required: bool = False
    nullable: bool = False
    unique: bool = False
    create: bool = False
    update: bool = False
    options: tuple[str, ...] | None = None


def _fields(**kinds: str) -> dict[str, Field]:
    return {name: Field(kind) for name, kind in kinds.items()}


def _input(**kinds: str) -> dict[str, Field]:
    return {name: Field(kind, create=True) for name, kind in kinds.items()}


_TYPES = {str: "string", int: "int"}

FIELDS: dict[str, dict[str, Field]] = {
    "apiVersion": {},
    "schema": _fields(
        pluralName="string",
        resourceMethods="array[string]",
        collectionMethods="array[string]",
        resourceFields="map[struct]",
        resourceActions="map[struct]",
        collectionActions="map[struct]",
        collectionFields="map[struct]",
        collectionFilters="map[struct]",
        includeableLinks="array[string]",
    ),
    "error": _fields(status="int", code="string", message="string", detail="string"),
    "empty": {},
    "volume": {
        "name": Field("string", required=True, unique=True, create=True),
        "size": Field("string", required=True, create=True),
        "dataSource": Field("string", "", create=True),
        "fromBackup": Field("string", "", create=True),
        "volumeMode": Field("string", "Filesystem", create=True, options=("Filesystem", "Block")),
        **{name: Field(_TYPES[type(item.default)], item.default, create=True) for name, item in OPTIONS.items()},
        **_fields(
            state="string",
            robustness="string",
            ready="bool",
            notReadyMessage="string",
            created="string",
            frontend="string",
            disableFrontend="bool",
            cloneMode="string",
            image="string",
            currentImage="string",
            backingImage="string",
            lastBackup="string",
            lastBackupAt="string",
            lastAttachedBy="string",
            standby="bool",
            restoreRequired="bool",
            restoreInitiated="bool",
            dataEngine="string",
            encrypted="bool",
            migratable="bool",
            shareEndpoint="string",
            shareState="string",
            diskSelector="array[string]",
            nodeSelector="array[string]",
            conditions="map[volumeCondition]",
            kubernetesStatus="kubernetesStatus",
            cloneStatus="cloneStatus",
            replicas="array[replica]",
            controllers="array[controller]",
            backupStatus="array[backupStatus]",
            restoreStatus="array[restoreStatus]",
            purgeStatus="array[purgeStatus]",
            rebuildStatus="array[rebuildStatus]",
            volumeAttachment="volumeAttachment",
        ),
    },
    "volumeCondition": _fields(
        type="string",
        status="string",
        lastProbeTime="string",
        lastTransitionTime="string",
        reason="string",
        message="string",
    ),
    "controller": _fields(
        name="string",
        hostId="string",
        address="string",
        running="bool",
        size="string",
        actualSize="string",
        endpoint="string",
        isExpanding="bool",
        lastExpansionError="string",
        lastExpansionFailedAt="string",
    ),
    "replica": _fields(
        name="string",
        hostId="string",
        address="string",
        running="bool",
        image="string",
        currentImage="string",
        instanceManagerName="string",
        diskID="string",
        diskPath="string",
        dataPath="string",
        mode="string",
        failedAt="string",
        dataEngine="string",
    ),
    "purgeStatus": _fields(replica="string", isPurging="bool", progress="int", error="string", state="string"),
    "rebuildStatus": _fields(
        replica="string",
        fromReplica="string",
        isRebuilding="bool",
        progress="int",
        error="string",
        state="string",
    ),
    "restoreStatus": _fields(
        replica="string",
        isRestoring="bool",
        lastRestored="string",
        progress="int",
        error="string",
        filename="string",
        state="string",
        backupURL="string",
    ),
    "cloneStatus": _fields(
        sourceVolume="string",
        snapshot="string",
        state="string",
        attemptCount="int",
        nextAllowedAttemptAt="string",
    ),
    "volumeAttachment": _fields(attachments="map[attachment]", volume="string"),
    "attachment": _fields(
        attachmentID="string",
        attachmentType="string",
        nodeID="string",
        parameters="map[string]",
        satisfied="bool",
        conditions="array[volumeCondition]",
    ),
    "snapshot": _fields(
        name="string",
        parent="string",
        children="map[bool]",
        removed="bool",
        usercreated="bool",
        created="string",
        size="string",
        labels="map[string]",
        checksum="string",
    ),
    "snapshotListOutput": _fields(data="array[snapshot]"),
    "snapshotCR": _fields(
        name="string",
        volume="string",
        crCreationTime="string",
        createSnapshot="bool",
        parent="string",
        children="map[bool]",
        markRemoved="bool",
        userCreated="bool",
        creationTime="string",
        size="int",
        restoreSize="int",
        readyToUse="bool",
        labels="map[string]",
        group="string",
        ownerID="string",
        error="string",
        checksum="string",
    ),
    "snapshotCRListOutput": _fields(data="array[snapshotCR]"),
    "groupSnapshot": {
        "name": Field("string", create=True, required=True, unique=True),
        **_fields(
            creationTime="string",
            readyToUse="bool",
            labels="map[string]",
            snapshots="array[snapshotCR]",
        ),
    },
    "node": {
        "name": Field("string", unique=True),
        "address": Field("string", "", update=True),
        **_fields(
            allowScheduling="bool",
            evictionRequested="bool",
            disks="map[diskInfo]",
            conditions="map[nodeCondition]",
            tags="array[string]",
            region="string",
            zone="string",
        ),
    },
    "diskInfo": _fields(
        path="string",
        diskType="string",
        allowScheduling="bool",
        storageAvailable="int",
        storageScheduled="int",
        storageMaximum="int",
    ),
    "nodeCondition": _fields(type="string", status="string", reason="string", message="string"),
    "setting": {
        "name": Field("string", unique=True),
        "value": Field("string", required=True, update=True),
        "applied": Field("bool"),
        "definition": Field("settingDefinition"),
    },
    "settingDefinition": _fields(
        displayName="string",
        description="string",
        category="string",
        type="string",
        required="bool",
        readOnly="bool",
        default="string",
        options="array[string]",
    ),
    "event": _fields(event="struct", eventType="string"),
    "attachInput": _input(
        hostId="string",
        disableFrontend="bool",
        attachedBy="string",
        attacherType="string",
        attachmentID="string",
        accessMode="string",
        readOnly="bool",
    ),
    "detachInput": _input(attachmentID="string", hostId="string", forceDetach="bool"),
    "expandInput": _input(size="string"),
    "salvageInput": _input(names="array[string]"),
    "replicaRemoveInput": _input(name="string"),
    "snapshotInput": _input(name="string", labels="map[string]"),
    "snapshotCRInput": _input(name="string", labels="map[string]"),
    **{
        item.input: _input(**{item.field: _TYPES[type(OPTIONS[item.option].default)]}) for item in UPDATES.values()
    },
}
"""Schema id -> its fields."""
