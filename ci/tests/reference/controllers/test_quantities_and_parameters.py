"""Quantities, durations, and reserved class parameters."""

from __future__ import annotations

import argparse

import pytest

from pytest_csi_snapshot.reference_impl.controllers import parameters, quantity
from pytest_csi_snapshot.reference_impl.controllers.parameters import ParameterError
from pytest_csi_snapshot.reference_impl.controllers.work.options import duration


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1Gi", 1 << 30),
        ("1G", 10**9),
        ("1.5Gi", 3 << 29),
        ("100M", 10**8),
        ("0", 0),
        ("123", 123),
        ("1e3", 1000),
        ("2E", 2 * 10**18),
        ("1Ei", 1 << 60),
        ("1500m", 2),
        (7, 7),
    ],
)
def test_quantities_are_read_and_rounded_up(text: str | int, count: int) -> None:
    assert quantity.to_bytes(text) == count


@pytest.mark.parametrize("text", ["", "1 Gi", "Gi", "1gi", "1.2.3", "0x10"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantity.to_bytes(text)


@pytest.mark.parametrize(
    ("count", "text"), [(1 << 30, "1Gi"), (3 << 29, "1536Mi"), (1025, "1025"), (0, "0"), (10**9, "1000000000")]
)
def test_quantities_are_written_in_the_largest_binary_unit(count: int, text: str) -> None:
    assert quantity.from_bytes(count) == text
    assert quantity.to_bytes(text) == count


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("5m", 300), ("1m30s", 90), ("250ms", 0.25), ("1h", 3600)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "1x", "s", "1s 2"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        duration(text)


def test_reserved_keys_do_not_reach_the_driver() -> None:
    given = {
        "csi.storage.k8s.io/provisioner-secret-name": "x",
        "csi.storage.k8s.io/fstype": "ext4",
        "numberOfReplicas": "3",
    }
    assert parameters.for_driver(given, parameters.STORAGE_USES, parameters.FSTYPE) == {"numberOfReplicas": "3"}


def test_an_unknown_reserved_key_is_refused_by_name() -> None:
    with pytest.raises(ParameterError, match=r'"csi\.storage\.k8s\.io/foo" with reserved namespace'):
        parameters.for_driver({"csi.storage.k8s.io/foo": "x"}, parameters.SNAPSHOT_USES)


def test_an_unknown_token_is_named_and_its_value_is_not_guessed() -> None:
    keys = {
        "csi.storage.k8s.io/provisioner-secret-name": "${pvc.name}-${nonsense}",
        "csi.storage.k8s.io/provisioner-secret-namespace": "default",
    }
    with pytest.raises(ParameterError, match='invalid tokens: \\["nonsense"\\]'):
        parameters.secret(parameters.PROVISIONER, keys, {"pvc.name": "c"}, {})
