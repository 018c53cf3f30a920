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


def outputs(**kinds: str) -> dict[str, Field]:
    """Fields that are told, by name."""
    return {name: Field(kind) for name, kind in kinds.items()}


def inputs(**kinds: str) -> dict[str, Field]:
    """Fields that are sent, by name."""
    return {name: Field(kind, create=True) for name, kind in kinds.items()}


_TYPES = {str: "string", int: "int"}

FIELDS: dict[str, dict[str, Field]] = {
    "apiVersion": {},
    "schema": outputs(
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
    "error": outputs(status="int", code="string", message="string", detail="string"),
    "empty": {},
    "volume": {
        "name": Field("string", required=True, unique=True, create=True),
        "size": Field("string", required=True, create=True),
        "dataSource": Field("string", "", create=True),
        "fromBackup": Field("string", "", create=True),
        "volumeMode": Field("string", "Filesystem", create=True, options=("Filesystem", "Block")),
        **{name: Field(_TYPES[type(item.default)], item.default, create=True) for name, item in OPTIONS.items()},
        **outputs(
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
            snapshotMaxSize="string",
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
    "volumeCondition": outputs(
        type="string",
        status="string",
        lastProbeTime="string",
        lastTransitionTime="string",
        reason="string",
        message="string",
    ),
    "controller": outputs(
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
    "volumeAttachment": outputs(attachments="map[attachment]", volume="string"),
    "attachment": outputs(
        attachmentID="string",
        attachmentType="string",
        nodeID="string",
        parameters="map[string]",
        satisfied="bool",
        conditions="array[volumeCondition]",
    ),
    "snapshot": outputs(
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
    "snapshotListOutput": outputs(data="array[snapshot]"),
    "snapshotCR": outputs(
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
    "snapshotCRListOutput": outputs(data="array[snapshotCR]"),
    "groupSnapshot": {
        "name": Field("string", create=True, required=True, unique=True),
        **outputs(
            creationTime="string",
            readyToUse="bool",
            labels="map[string]",
            snapshots="array[snapshotCR]",
        ),
    },
    "node": {
        "name": Field("string", unique=True),
        "address": Field("string", "", update=True),
        **outputs(
            allowScheduling="bool",
            evictionRequested="bool",
            disks="map[diskInfo]",
            conditions="map[nodeCondition]",
            tags="array[string]",
            region="string",
            zone="string",
        ),
    },
    "diskInfo": outputs(
        path="string",
        diskType="string",
        allowScheduling="bool",
        storageAvailable="int",
        storageScheduled="int",
        storageMaximum="int",
    ),
    "nodeCondition": outputs(type="string", status="string", reason="string", message="string"),
    "setting": {
        "name": Field("string", unique=True),
        "value": Field("string", required=True, update=True),
        "applied": Field("bool"),
        "definition": Field("settingDefinition"),
    },
    "settingDefinition": outputs(
        displayName="string",
        description="string",
        category="string",
        type="string",
        required="bool",
        readOnly="bool",
        default="string",
        options="array[string]",
    ),
    "event": outputs(event="struct", eventType="string"),
    "attachInput": inputs(
        hostId="string",
        disableFrontend="bool",
        attachedBy="string",
        attacherType="string",
        attachmentID="string",
        accessMode="string",
        readOnly="bool",
    ),
    "detachInput": inputs(attachmentID="string", hostId="string", forceDetach="bool"),
    "expandInput": inputs(size="string"),
    "snapshotInput": inputs(name="string", labels="map[string]"),
    "snapshotCRInput": inputs(name="string", labels="map[string]"),
    **{
        item.input: inputs(**{item.field: _TYPES[type(OPTIONS[item.option].default)]}) for item in UPDATES.values()
    },
}
"""Schema id -> its fields."""
