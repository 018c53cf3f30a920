"""What must not stand in a report: secrets never, and with ``--csi-redact`` no names of the cluster either.

What is secret is learned where it passes: from Secrets that are read or made, and from the credentials of the
kubeconfig. Names (of nodes, namespaces, volumes and snapshots in the backend) are learned from the objects that
are seen, and replaced by the same word wherever they stand, in all processes of a run. Knows no report: whoever
makes one passes its texts through ``Redactor.clean``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "<secret>"
SHORTEST = 6
"""Characters; what is shorter is in every text by chance ("true", "1")."""

SORTS = {
    "namespace": "namespace",
    "nodeName": "host",
    "nodeID": "host",
    "host": "host",
    "hostname": "host",
    "hostIP": "host",
    "podIP": "host",
    "volumeHandle": "handle",
    "snapshotHandle": "handle",
    "volumeGroupSnapshotHandle": "handle",
    "volumeHandles": "handle",
    "snapshotHandles": "handle",
}
"""Field of an object -> what its value names."""

EVERYBODYS = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that every cluster has: their names tell nothing."""


class Redactor:
    """Learns and cleans; safe to use from several threads. ``names`` is set by ``--csi-redact``."""

    def __init__(self) -> None:
        self.names = False
        self.key = ""
        """What the words for names depend on besides the names: of the run, and told nowhere."""
        self._known: dict[str, str] = {}
        self._order: list[str] | None = None
        self._guard = threading.Lock()

    def hide(self, secret: str) -> None:
        """Learn a text that is never to be shown: as it is, as it stands in JSON, and line by line."""
        for form in {secret, json.dumps(secret)[1:-1], *secret.splitlines()}:
            if len(form) >= SHORTEST:
                self._learn(form, HIDDEN)

    def hide_data(self, secret: Mapping[str, Any]) -> None:
        """Learn the values of a Secret object, as they stand in it and as they are meant."""
        for value in (secret.get("stringData") or {}).values():
            self.hide(str(value))
            self.hide(base64.b64encode(str(value).encode()).decode())
        for value in (secret.get("data") or {}).values():
            self.hide(str(value))
            try:
                self.hide(base64.b64decode(str(value), validate=True).decode())
            except (binascii.Error, UnicodeDecodeError):
                continue  # no text: it cannot stand in one

    def rename(self, sort: str, name: str) -> None:
        """Learn a name; without ``names`` it stays as it is."""
        if self.names and len(name) >= SHORTEST and name not in EVERYBODYS:
            digest = hashlib.sha256(f"{self.key} {name}".encode()).hexdigest()
            self._learn(name, f"{sort}-{digest[:8]}", over=False)

    def learn_names(self, body: Any, field: str = "") -> None:
        """Learn the names in an object."""
        if not self.names:
            return
        if isinstance(body, Mapping):
            if body.get("kind") == "Node":
                self.rename("host", body["metadata"]["name"])
            for key, value in body.items():
                self.learn_names(value, key)
        elif isinstance(body, list):
            for value in body:
                self.learn_names(value, field)
        elif isinstance(body, str) and field in SORTS:
            self.rename(SORTS[field], body)

    def clean(self, text: str) -> str:
        """The text without what was learned."""
        for word in self._longest_first():
            if word in text:
                text = text.replace(word, self._known[word])
        return text

    def clean_all(self, value: Any) -> Any:
        """The same for all texts in lists, tuples, dictionaries and pytest's own representations of errors."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, list | tuple):
            return type(value)(self.clean_all(each) for each in value)
        if isinstance(value, dict):
            return {key: self.clean_all(each) for key, each in value.items()}
        if type(value).__module__.startswith("_pytest."):
            for name, each in vars(value).items():
                object.__setattr__(value, name, self.clean_all(each))  # some of them are frozen
        return value

    def _learn(self, word: str, instead: str, *, over: bool = True) -> None:
        with self._guard:
            if word not in self._known or (over and self._known[word] != instead):
                self._known[word] = instead
                self._order = None

    def _longest_first(self) -> Iterable[str]:
        """So that a name which is a part of another does not spoil it."""
        with self._guard:
            if self._order is None:
                self._order = sorted(self._known, key=len, reverse=True)
            return self._order


REDACTOR = Redactor()
"""That of this process: what was learned at one place is hidden at all others."""
