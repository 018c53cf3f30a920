"""Default classes of somebody else: set aside and put back exactly as they were."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot import defaults
from pytest_csi_snapshot.defaults import IS_DEFAULT, SET_ASIDE, SET_ASIDE_BY

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
    assert defaults.is_default(before) is default
    assert defaults.is_default(aside) is default


def test_a_class_that_is_no_default_has_nothing_to_set_aside() -> None:
    for snapshot_class in (body(), body(**{IS_DEFAULT: "false"}), {"metadata": {"name": "bare"}}):
        assert not defaults.marked(snapshot_class)
        assert defaults.set_aside_by(snapshot_class) == ""
