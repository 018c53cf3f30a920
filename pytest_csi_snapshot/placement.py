"""Where workload pods run, and with which secrets their image is pulled.

Only Linux nodes: no workload of ours is for Windows. Whatever else decides about nodes is the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

OS = "kubernetes.io/os"
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?)?")
_SECRET = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_DIGEST = re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_HOST = r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d+)?/"
_REPOSITORY = re.compile(rf"({_HOST})?[a-z0-9]+([._/-]+[a-z0-9]+)*(:\w[\w.-]{{0,127}})?")


@dataclass(frozen=True)
class Placement:
    """``selector`` are labels of nodes, ``tolerations`` as typed, ``pull_secrets`` NAMESPACE/NAME; ``node`` is the
    only one to run on, "" for any."""

    selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[str, ...] = ()
    pull_secrets: tuple[str, ...] = ()
    node: str = ""

    def pod_fields(self) -> Json:
        """What a pod's spec says of it."""
        fields: Json = {"nodeSelector": {OS: "linux", **dict(self.selector)}}
        if self.tolerations:
            fields["tolerations"] = [toleration(text) for text in self.tolerations]
        return fields

    def takes(self, node: Json) -> bool:
        """Whether a Node is one on which workload pods may run, as far as its labels say."""
        labels = node["metadata"].get("labels") or {}
        wanted = {OS: "linux", **dict(self.selector)}
        return all(labels.get(key, "linux" if key == OS else None) == value for key, value in wanted.items())


def node_selector(words: Iterable[str]) -> dict[str, str]:
    """Labels from KEY=VALUE. Raises ValueError, one line."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not (equals and _KEY.fullmatch(key) and _VALUE.fullmatch(value)):
            raise ValueError(f"{word!r} is not KEY=VALUE of a label")
        if found.setdefault(key, value) != value:
            raise ValueError(f"{key} is said to be both {found[key]} and {value}")
    return check_selector(found)


def check_selector(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels themselves. Raises ValueError where they ask for nodes on which no workload runs."""
    if labels.get(OS, "linux") != "linux":
        raise ValueError(f"{OS}={labels[OS]}: workload pods run on Linux nodes only")
    return dict(labels)


def toleration(text: str) -> Json:
    """A toleration from KEY[=VALUE][:EFFECT]. Raises ValueError, one line."""
    taint, _, effect = text.partition(":")
    key, equals, value = taint.partition("=")
    if not (_KEY.fullmatch(key) and _VALUE.fullmatch(value)):
        raise ValueError(f"{text!r} is not KEY[=VALUE][:EFFECT] of a taint")
    if (effect or ":" in text) and effect not in EFFECTS:
        raise ValueError(f"{text!r}: unknown effect {effect!r}; known: {', '.join(EFFECTS)}")
    told = {"operator": "Equal", "value": value} if equals else {"operator": "Exists"}
    return {"key": key, **told, **({"effect": effect} if effect else {})}


def check_secret(text: str) -> str:
    """NAMESPACE/NAME itself. Raises ValueError, one line."""
    if not _SECRET.fullmatch(text):
        raise ValueError(f"{text!r} is not NAMESPACE/NAME of a secret")
    return text


def check_image(text: str) -> str:
    """An image's name itself: REPOSITORY[:TAG][@DIGEST]. Raises ValueError, one line."""
    name, at, digest = text.partition("@")
    if not _REPOSITORY.fullmatch(name) or (at and not _DIGEST.fullmatch(digest)):
        raise ValueError(f"{text!r} is not REPOSITORY[:TAG][@sha256:DIGEST] of an image")
    return text
