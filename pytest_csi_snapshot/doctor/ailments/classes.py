"""Classes of the driver: whether there are any, and which are defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_csi_snapshot.defaults import IS_DEFAULT, IS_DEFAULT_STORAGE, is_default
from pytest_csi_snapshot.doctor.evidence import Evidence
from pytest_csi_snapshot.doctor.finding import Ailment, Ground, Sight, listed
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CLASS, STORAGE_CLASS
from pytest_csi_snapshot.labels import RUN

Json = dict[str, Any]


def of_driver(classes: Sequence[Json], driver: str) -> list[Json]:
    """The StorageClasses, or snapshot classes of any kind, of a driver; those that runs have made are left out."""
    return [
        each
        for each in classes
        if each.get("provisioner", each.get("driver")) == driver
        and RUN not in (each["metadata"].get("labels") or {})
    ]


def names(classes: Sequence[Json]) -> list[str]:
    return sorted(each["metadata"]["name"] for each in classes)


def _no_storage_class(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    if STORAGE_CLASS.plural in survey.refused or of_driver(survey.storage_classes, survey.driver):
        return None
    others = sorted({str(each["provisioner"]) for each in survey.storage_classes})
    return Sight(f"there are StorageClasses of {listed(others)}" if others else "there is no StorageClass at all")


def _no_snapshot_class(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    unread = SNAPSHOT_CLASS.plural in (*survey.refused, *survey.absent)
    if unread or of_driver(survey.snapshot_classes, survey.driver):
        return None
    others = sorted({str(each["driver"]) for each in survey.snapshot_classes})
    what = f"there are VolumeSnapshotClasses of {listed(others)}" if others else "there is none at all"
    return Sight(what)


def _snapshot_defaults(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    classes = of_driver(survey.snapshot_classes, survey.driver)
    found = names([each for each in classes if is_default(each, SNAPSHOT_CLASS)])
    return Sight(f"default are {listed(found)}", {"class": found[-1]}) if len(found) > 1 else None


def _storage_defaults(evidence: Evidence) -> Sight | None:
    found = names([each for each in evidence.survey.storage_classes if is_default(each, STORAGE_CLASS)])
    return Sight(f"default are {listed(found)}", {"class": found[-1]}) if len(found) > 1 else None


def _foreign_default(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    drivers = {each["metadata"]["name"] for each in survey.drivers}
    drivers |= {entry["name"] for node in survey.csi_nodes for entry in node["spec"].get("drivers") or []}
    classes = [each for each in survey.storage_classes if is_default(each, STORAGE_CLASS)]
    found = [each for each in classes if each["provisioner"] not in drivers]
    told = [f"{each['metadata']['name']} of {each['provisioner']}" for each in found]
    return Sight(f"default is {listed(told)}, which is no CSI driver of this cluster") if told else None


ROWS = (
    Ailment(
        "storage-class-missing",
        "PFL-006",
        "the driver has no StorageClass",
        "claims stay Pending, or get a volume of another driver",
        "create one with provisioner: {driver} and what parameters the driver needs: kubectl create -f",
        (Ground.VOLUMES,),
        _no_storage_class,
    ),
    Ailment(
        "snapshot-class-missing",
        "PFL-007",
        "the driver has no VolumeSnapshotClass",
        "a VolumeSnapshot without a class has the event SetDefaultSnapshotClassFailed: cannot find default"
        " snapshot class",
        "create one: kubectl create -f - <<< '{{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshotClass,"
        " metadata: {{name: snapshots}}, driver: {driver}, deletionPolicy: Delete}}'",
        (Ground.SNAPSHOT_CLASS,),
        _no_snapshot_class,
    ),
    Ailment(
        "snapshot-defaults-several",
        "PFL-007",
        "the driver has several default VolumeSnapshotClasses",
        "a VolumeSnapshot without a class has the event SetDefaultSnapshotClassFailed: 2 default snapshot classes"
        " were found",
        f"leave one: kubectl annotate volumesnapshotclass {{class}} {IS_DEFAULT}-",
        (),
        _snapshot_defaults,
    ),
    Ailment(
        "storage-defaults-several",
        "PFL-013",
        "the cluster has several default StorageClasses",
        "a claim without a class gets the one that was made last",
        f"leave one: kubectl annotate storageclass {{class}} {IS_DEFAULT_STORAGE}-",
        (),
        _storage_defaults,
    ),
    Ailment(
        "default-storage-class-not-csi",
        "PFL-013",
        "the default StorageClass is not of a CSI driver",
        "claims without a class get volumes that cannot be snapshotted; checks always name a class",
        f"nothing, or make one of {{driver}} the default: kubectl annotate storageclass NAME"
        f" {IS_DEFAULT_STORAGE}=true",
        (),
        _foreign_default,
    ),
)
