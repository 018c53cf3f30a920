"""Calls of CreateVolume that may still be running: a volume may come of them even if the claim is deleted."""

from __future__ import annotations

import threading

from ..kube import objects
from ..kube.client import Json
from .plans import Plan


class Unanswered:
    """What was asked for, by the uid of the claim; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: dict[str, Plan] = {}

    def add(self, made: Plan) -> None:
        """A call for this plan's claim begins."""
        with self._lock:
            self._plans[objects.uid(made.claim)] = made

    def settle(self, claim: Json) -> None:
        """The last call for this claim had a final answer, and what it made is on record."""
        with self._lock:
            self._plans.pop(objects.uid(claim), None)

    def get(self, uid: str) -> Plan | None:
        """What was asked for, with the claim as it was when its call began."""
        with self._lock:
            return self._plans.get(uid)

    def all(self) -> list[Json]:
        """The claims of all of them."""
        with self._lock:
            return [made.claim for made in self._plans.values()]
