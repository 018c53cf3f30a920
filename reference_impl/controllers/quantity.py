"""Kubernetes quantities of bytes. Source: apimachinery's resource.Quantity notation."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

_FORM = re.compile(r"([+-]?[0-9]*\.?[0-9]+|[+-]?[0-9]+\.)([a-zA-Z]{0,2}|[eE][+-]?[0-9]+)")
_SCALE = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{unit: Decimal(1000) ** (power + 1) for power, unit in enumerate("kMGTPE")},
    **{f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
}
_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")


def to_bytes(text: str | int) -> int:
    """Whole bytes of a quantity, rounded up. Raises ValueError where it is none."""
    match = _FORM.fullmatch(str(text))
    if not match:
        raise ValueError(f"not a quantity: {text!r}")
    number, unit = match.groups()
    if unit[:1] in ("e", "E") and len(unit) > 1 and unit != "Ei":
        value = Decimal(f"{number}{unit}")
    elif unit in _SCALE:
        value = Decimal(number) * _SCALE[unit]
    else:
        raise ValueError(f"not a quantity: {text!r}")
    return int(value.to_integral_value(rounding=ROUND_CEILING))


def from_bytes(count: int) -> str:
    """The canonical form: the largest binary unit that divides the number, e.g. ``1Gi``, ``1536Mi``."""
    for unit in _BINARY:
        if count and count % int(_SCALE[unit]) == 0:
            return f"{count // int(_SCALE[unit])}{unit}"
    return str(count)
