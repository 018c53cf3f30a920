"""What the provisioner sees of the cluster, and the questions that its parts ask about claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import markers, quantity
from ..kube import objects
from ..kube.client import Json, KubeClient
from ..kube.collection import Collection
from ..kube.events import Recorder
from ..kube.kinds import SNAPSHOT

SNAPSHOT_GROUP = SNAPSHOT.api_version.partition("/")[0]


@dataclass(frozen=True)
class Cluster:
    """The cached collections; ``client`` for what must be read fresh."""

    client: KubeClient
    claims: Collection
    volumes: Collection
    classes: Collection
    snapshots: Collection
    attachments: Collection


@dataclass(frozen=True)
class Service:
    """On whose behalf the provisioner works, and what its events go through."""

    driver: str
    identity: str
    events: Recorder
    node: str | None = None
    """The one node that is served, None where all are."""


@dataclass(frozen=True)
class DataSource:
    """What a claim is to be filled from."""

    kind: Literal["VolumeSnapshot", "PersistentVolumeClaim", "other"]
    key: str
    """``namespace/name``; the claim's own namespace (clause RES-012) unless ``dataSourceRef`` names another."""

    @property
    def namespace(self) -> str:
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        return self.key.partition("/")[2]


def data_source(claim: Json) -> DataSource | None:
    """The claim's source, whichever of the two fields names it."""
    source = claim["spec"].get("dataSourceRef") or claim["spec"].get("dataSource")
    if not source:
        return None
    key = objects.join(source.get("namespace") or objects.namespace(claim), str(source["name"]))
    group = source.get("apiGroup") or ""
    if (group, source["kind"]) == (SNAPSHOT_GROUP, "VolumeSnapshot"):
        return DataSource("VolumeSnapshot", key)
    if (group, source["kind"]) == ("", "PersistentVolumeClaim"):
        return DataSource("PersistentVolumeClaim", key)
    return DataSource("other", key)


def awaited(claim: Json) -> tuple[DataSource, ...]:
    """What a claim without a volume is to be filled from: by this the claims are found that wait for a source."""
    source = data_source(claim) if pending(claim) else None
    return (source,) if source else ()


def provisioner_of(claim: Json) -> str | None:
    """The driver that kube-controller-manager asks to make the claim's volume."""
    return objects.annotation(claim, markers.PROVISIONER) or objects.annotation(claim, markers.PROVISIONER_BETA)


def pending(claim: Json) -> bool:
    """The claim has no volume yet."""
    return not claim["spec"].get("volumeName") and (claim.get("status") or {}).get("phase") in (None, "Pending")


def class_name(claim: Json) -> str | None:
    """The class that a claim names, by the annotation of old before the field; None where it names none."""
    named = objects.annotation(claim, markers.CLASS_BETA)
    return claim["spec"].get("storageClassName") if named is None else named


def requested_bytes(claim: Json) -> int:
    """``spec.resources.requests.storage`` in bytes."""
    return quantity.to_bytes(claim["spec"]["resources"]["requests"]["storage"])


def volume_mode(obj: Json) -> str:
    """``spec.volumeMode`` of a claim or volume; the API's default is Filesystem."""
    return str(obj["spec"].get("volumeMode") or "Filesystem")
