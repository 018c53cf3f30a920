"""How long each test took in an earlier run, kept in pytest's own cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

KEY = "csi-snapshot/seconds"


class Memory:
    """Of one ``place``, a driver on a kind of cluster; empty where pytest keeps no cache."""

    def __init__(self, cache: pytest.Cache | None, place: str) -> None:
        self._cache = cache
        self._place = place
        kept = self._all().get(self._place)
        self.seconds: Mapping[str, float] = kept if isinstance(kept, dict) else {}

    def keep(self, seconds: Mapping[str, float]) -> None:
        """Remember for the next run."""
        if self._cache is not None and seconds:
            rounded = {test: round(each, 2) for test, each in seconds.items()}
            self._cache.set(KEY, {**self._all(), self._place: {**self.seconds, **rounded}})

    def _all(self) -> dict[str, Any]:
        known = self._cache.get(KEY, {}) if self._cache is not None else {}
        return known if isinstance(known, dict) else {}
