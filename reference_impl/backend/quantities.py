"""Sizes as clients write them: a number of bytes, or a Kubernetes quantity like 2Gi."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

ALIGNMENT = 2 << 20
"""Bytes a volume's size is a multiple of, as in Longhorn."""

_SUFFIXES = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{name: Decimal(1000) ** power for power, name in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{name: Decimal(1024) ** power for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}
_QUANTITY = re.compile(r"(\d{1,20}(?:\.\d{1,20})?)(?:([kKMGTPE]i?|m)|[eE](\d{1,2}))?")


def volume_size(text: str) -> int:
    """Bytes, rounded up to what a volume can have; at least 2 MiB. Raises ValueError."""
    match = _QUANTITY.fullmatch(text)
    number, suffix, exponent = match.groups() if match else ("", "", "")
    if not match or (suffix or "") not in _SUFFIXES:
        raise ValueError(f"{text!r} is not a size: write bytes, or a quantity like 2Gi")
    size = Decimal(number) * _SUFFIXES[suffix or ""] * Decimal(10) ** int(exponent or 0)
    whole = int(size.to_integral_value(ROUND_CEILING))
    return max(-(-whole // ALIGNMENT), 1) * ALIGNMENT
