"""Claims whose CreateVolume may still be running: a volume may come of them even if the claim is deleted."""

from __future__ import annotations

import threading

from ..kube import objects
from ..kube.client import Json


class Unanswered:
    """A set of claims by uid; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claims: dict[str, Json] = {}

    def add(self, claim: Json) -> None:
        """A call for this claim begins."""
        with self._lock:
            self._claims[objects.uid(claim)] = claim

    def settle(self, claim: Json) -> None:
        """The last call for this claim had a final answer, and what it made is on record."""
        with self._lock:
            self._claims.pop(objects.uid(claim), None)

    def get(self, uid: str) -> Json | None:
        """The claim as it was when its call began."""
        with self._lock:
            return self._claims.get(uid)

    def all(self) -> list[Json]:
        """All of them."""
        with self._lock:
            return list(self._claims.values())
