"""Feature gates of Kubernetes as a user writes them: ``NAME=true``, ``NAME=false``."""

from __future__ import annotations

import re
from collections.abc import Iterable

CROSS_NAMESPACE = "CrossNamespaceVolumeDataSource"
"""Restore and clone from another namespace, where a ReferenceGrant allows it (clauses RES-023 to 025, CLN-009)."""

_GATE = re.compile(r"([A-Za-z][A-Za-z0-9]*)=(true|false)")


def parse(words: Iterable[str]) -> dict[str, bool]:
    """Gate -> on. Raises ValueError for a word of another form, and for one gate with two values."""
    gates: dict[str, bool] = {}
    for word in words:
        found = _GATE.fullmatch(word)
        if found is None:
            raise ValueError(f"{word!r} is not NAME=true or NAME=false")
        name, value = found[1], found[2] == "true"
        if gates.setdefault(name, value) != value:
            raise ValueError(f"{name} is said to be both true and false")
    return gates


def spelled(gates: dict[str, bool]) -> str:
    """As programs take them: ``A=true,B=false``."""
    return ",".join(f"{name}={str(on).lower()}" for name, on in sorted(gates.items()))
