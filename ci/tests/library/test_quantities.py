"""Quantities, to and from bytes."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.quantities import format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "size"),
    [("1Gi", 2**30), ("1G", 10**9), ("512Mi", 2**29), ("1e3", 1000), ("123", 123), ("100m", 1), ("1.5Ki", 1536)],
)  # fmt: skip
def test_a_quantity_in_bytes(text: str, size: int) -> None:
    assert parse_quantity(text) == size


@pytest.mark.parametrize(("size", "text"), [(2**30, "1Gi"), (3 * 2**29, "1536Mi"), (1025, "1025"), (0, "0")])
def test_bytes_as_the_shortest_exact_quantity(size: int, text: str) -> None:
    assert format_quantity(size) == text
