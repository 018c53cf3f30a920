"""Claims whose driver refused to grow them while in use, and whether a pod still uses them (clause EXP-023).

Pods are watched only from the first such refusal on: most drivers never need it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..kube import kinds, objects
from ..kube.client import Json, KubeClient
from ..kube.collection import Collection

_ENDED = frozenset({"Succeeded", "Failed"})


class Usage:
    """Remembers refusals. ``free`` is called with the key of a claim that the last pod has left."""

    def __init__(self, client: KubeClient, free: Callable[[str], None]) -> None:
        self._pods = Collection(client, kinds.POD)
        self._free = free
        self._refused: set[str] = set()
        self._started = False
        self._lock = threading.Lock()
        self._pods.on_change(self._changed)

    def refuse(self, claim: Json) -> None:
        """The driver wants this claim unused."""
        with self._lock:
            self._refused.add(objects.key(claim))
            if not self._started:
                self._started = True
                self._pods.start()

    def forget(self, claim: Json) -> None:
        """The claim has grown after all."""
        with self._lock:
            self._refused.discard(objects.key(claim))

    def holds(self, claim: Json) -> bool:
        """The driver refused this claim, and a pod still uses it."""
        key = objects.key(claim)
        with self._lock:
            if key not in self._refused:
                return False
        self._pods.synced.wait()
        return self._used(key)

    def stop(self) -> None:
        """End the watch, if there is one."""
        self._pods.stop()

    def _used(self, key: str) -> bool:
        return bool(self._pods.by(claims_of, key))

    def _changed(self, before: Json | None, after: Json | None) -> None:
        for key in (claims_of(before) if before else set()) - (claims_of(after) if after else set()):
            if key in self._refused and not self._used(key):
                self._free(key)


def claims_of(pod: Json) -> set[str]:
    """Keys of the claims that a pod uses; an ended pod uses none."""
    if (pod.get("status") or {}).get("phase") in _ENDED:
        return set()
    used = (volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes") or [])
    return {objects.join(objects.namespace(pod), claim["claimName"]) for claim in used if claim}
