"""Default classes of somebody else: set aside and put back exactly as they were."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot import defaults
from pytest_csi_snapshot.defaults import IS_DEFAULT, IS_DEFAULT_STORAGE, SET_ASIDE, SET_ASIDE_BY
from pytest_csi_snapshot.kube.kinds import GROUP_CLASS, SNAPSHOT_CLASS, STORAGE_CLASS, Kind
from pytest_csi_snapshot.suites import test_preflight as preflight

from .api import merged
from .objects import Json, meta


def body(**annotations: str) -> Json:
    return {"metadata": meta("theirs", annotations=annotations), "driver": "d", "deletionPolicy": "Delete"}


@pytest.mark.parametrize("value", ["true", "True", ""])
def test_what_was_set_aside_is_put_back_to_the_letter(value: str) -> None:
    before = body(**{IS_DEFAULT: value, "their": "own"})
    assert defaults.marked(before)
    aside = merged(before, {"metadata": {"annotations": defaults.setting_aside(before, "abcd")}})
    assert defaults.annotations_of(aside) == {"their": "own", SET_ASIDE: value, SET_ASIDE_BY: "abcd"}
    assert not defaults.marked(aside)
    assert defaults.set_aside_by(aside) == "abcd"
    assert merged(aside, {"metadata": {"annotations": defaults.putting_back(aside)}}) == before


@pytest.mark.parametrize(("value", "default"), [("true", True), ("True", False), ("false", False)])
def test_a_class_that_is_set_aside_is_still_what_it_was_to_everybody_else(value: str, default: bool) -> None:
    before = body(**{IS_DEFAULT: value})
    aside = merged(before, {"metadata": {"annotations": defaults.setting_aside(before, "abcd")}})
    assert defaults.is_default(before, SNAPSHOT_CLASS) is default
    assert defaults.is_default(aside, SNAPSHOT_CLASS) is default


@pytest.mark.parametrize(
    ("kind", "annotation"),
    [
        (SNAPSHOT_CLASS, IS_DEFAULT),
        (STORAGE_CLASS, IS_DEFAULT_STORAGE),
        (GROUP_CLASS.at("v1beta1"), "groupsnapshot.storage.kubernetes.io/is-default-class"),
    ],
    ids=str,
)
def test_each_kind_of_class_has_an_annotation_of_its_own(kind: Kind, annotation: str) -> None:
    assert defaults.is_default(body(**{annotation: "true"}), kind)
    others = {"a/is-default-class": "true"} | dict.fromkeys(
        {IS_DEFAULT, IS_DEFAULT_STORAGE} - {annotation}, "true"
    )
    assert not defaults.is_default(body(**others), kind)


def test_the_preflight_counts_a_default_that_is_set_aside() -> None:
    """PFL-007 says what the cluster is like, not what a test beside it has made of it for a minute."""
    one, other = body(**{IS_DEFAULT: "true"}), body(**{SET_ASIDE: "true", SET_ASIDE_BY: "abcd"})
    other["metadata"]["name"] = "other"
    seen: list[tuple[Any, bool]] = []
    csi = SimpleNamespace(
        api=SimpleNamespace(list=lambda _kind: [one, other], mark=SimpleNamespace(made_by_us=lambda _body: False)),
        cluster=SimpleNamespace(driver="d"),
        check=lambda _clause, *, observed, holds, **_: seen.append((observed, holds)),
    )
    preflight.test_driver_has_a_snapshot_class_and_one_default_at_most(csi)  # type: ignore[arg-type]
    assert seen[-1] == (["theirs", "other"], False)


def test_a_class_that_is_no_default_has_nothing_to_set_aside() -> None:
    for snapshot_class in (body(), body(**{IS_DEFAULT: "false"}), {"metadata": {"name": "bare"}}):
        assert not defaults.marked(snapshot_class)
        assert defaults.set_aside_by(snapshot_class) == ""
