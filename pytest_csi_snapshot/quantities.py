"""Kubernetes quantities of storage, to and from bytes."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

KI, MI, GI = 1024, 1024**2, 1024**3

_SUFFIXES = {
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("MGTPE", start=2)},
    "": Decimal(1),
}


@lru_cache(maxsize=1024)
def parse_quantity(text: str) -> int:
    """Bytes of a quantity, rounded up: ``1Gi``, ``500M``, ``1e9``, ``128974848``."""
    text = str(text).strip()
    suffix = max((suffix for suffix in _SUFFIXES if text.endswith(suffix)), key=len)
    number = Decimal(text.removesuffix(suffix)) * _SUFFIXES[suffix]
    return int(number.to_integral_value(rounding="ROUND_CEILING"))


def format_quantity(size: int) -> str:
    """The shortest exact quantity with a binary suffix, or plain bytes."""
    for suffix, unit in (("Gi", GI), ("Mi", MI), ("Ki", KI)):
        if size and size % unit == 0:
            return f"{size // unit}{suffix}"
    return str(size)
