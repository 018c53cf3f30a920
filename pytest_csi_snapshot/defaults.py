"""Default VolumeSnapshotClasses: set aside while a test must know which there are, and put back.

A change to objects of somebody else: only with leave. What was found stands on the class itself until it
is put back, so that the end of a run finds it even where the worker was killed. Knows no API server.
"""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.labels import DOMAIN

Json = dict[str, Any]

IS_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
SET_ASIDE = f"{DOMAIN}/set-aside-default"
"""What ``IS_DEFAULT`` was."""
SET_ASIDE_BY = f"{DOMAIN}/set-aside-by"
"""The run that has taken it off."""


def marked(snapshot_class: Json) -> bool:
    """The class says, rightly or with a word that does not count (CLS-007), that it is a default."""
    return annotations_of(snapshot_class).get(IS_DEFAULT, "false") != "false"


def is_default(snapshot_class: Json) -> bool:
    """The class is taken where none is named, or will be again once the run that set it aside has put it back."""
    annotations = annotations_of(snapshot_class)
    return annotations.get(SET_ASIDE, annotations.get(IS_DEFAULT)) == "true"


def set_aside_by(snapshot_class: Json) -> str:
    """The run that has made it no default; "" where none has."""
    return annotations_of(snapshot_class).get(SET_ASIDE_BY, "")


def setting_aside(snapshot_class: Json, run: str) -> dict[str, str | None]:
    """The annotations that make a class no default, and tell what it was, and for whom."""
    return {IS_DEFAULT: None, SET_ASIDE: annotations_of(snapshot_class)[IS_DEFAULT], SET_ASIDE_BY: run}


def putting_back(snapshot_class: Json) -> dict[str, str | None]:
    """The annotations that make a class again what it was."""
    return {IS_DEFAULT: annotations_of(snapshot_class)[SET_ASIDE], SET_ASIDE: None, SET_ASIDE_BY: None}


def annotations_of(snapshot_class: Json) -> dict[str, str]:
    """Those of a class; {} where it has none."""
    return snapshot_class["metadata"].get("annotations") or {}
