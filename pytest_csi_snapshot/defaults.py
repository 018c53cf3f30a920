"""Default classes: which are, and how those of snapshots are set aside while a test must know which there are.

To set one aside changes an object of somebody else: only with leave. What was found stands on the class itself
until it is put back, so that the end of a run finds it even where the worker was killed. Knows no API server.
"""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.kube.kinds import GROUP_CLASS, SNAPSHOT_CLASS, STORAGE_CLASS, Kind
from pytest_csi_snapshot.labels import DOMAIN

Json = dict[str, Any]

IS_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
"""Makes a VolumeSnapshotClass a default."""
IS_DEFAULT_STORAGE = "storageclass.kubernetes.io/is-default-class"
_MAKES_DEFAULT = {
    SNAPSHOT_CLASS: IS_DEFAULT,
    STORAGE_CLASS: IS_DEFAULT_STORAGE,
    GROUP_CLASS: "groupsnapshot.storage.kubernetes.io/is-default-class",
}
"""Kind of a class -> the annotation that makes it a default."""
SET_ASIDE = f"{DOMAIN}/set-aside-default"
"""What ``IS_DEFAULT`` was."""
SET_ASIDE_BY = f"{DOMAIN}/set-aside-by"
"""The run that has taken it off."""


def marked(snapshot_class: Json) -> bool:
    """The class says, rightly or with a word that does not count (CLS-007), that it is a default."""
    return annotations_of(snapshot_class).get(IS_DEFAULT, "false") != "false"


def is_default(body: Json, kind: Kind) -> bool:
    """The class is taken where none is named, or will be again once the run that set it aside has put it back."""
    annotations = annotations_of(body)
    return annotations.get(SET_ASIDE, annotations.get(_MAKES_DEFAULT[kind])) == "true"


def set_aside_by(snapshot_class: Json) -> str:
    """The run that has made it no default; "" where none has."""
    return annotations_of(snapshot_class).get(SET_ASIDE_BY, "")


def setting_aside(snapshot_class: Json, run: str) -> dict[str, str | None]:
    """The annotations that make a class no default, and tell what it was, and for whom."""
    return {IS_DEFAULT: None, SET_ASIDE: annotations_of(snapshot_class)[IS_DEFAULT], SET_ASIDE_BY: run}


def putting_back(snapshot_class: Json) -> dict[str, str | None]:
    """The annotations that make a class again what it was."""
    return {IS_DEFAULT: annotations_of(snapshot_class)[SET_ASIDE], SET_ASIDE: None, SET_ASIDE_BY: None}


def annotations_of(body: Json) -> dict[str, str]:
    """Those of a class; {} where it has none."""
    return body["metadata"].get("annotations") or {}
