"""What can be wrong with a cluster, and what was found wrong with this one. Values only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .evidence import Evidence


class Ground(StrEnum):
    """What clauses stand on: where it is missing they cannot be judged. The value is its name in words."""

    NAMESPACES = "namespaces of our own"
    SNAPSHOT_API = "the snapshot API"
    SNAPSHOT_RULES = "the validation rules of the snapshot API"
    GROUP_API = "the group snapshot API"
    GROUP_RULES = "the validation rules of the group snapshot API"
    SNAPSHOT_CONTROLLER = "the snapshot-controller"
    SNAPSHOTTER = "the driver's csi-snapshotter"
    SNAPSHOT_CLASS = "a VolumeSnapshotClass of the driver"
    VOLUMES = "volumes of the driver"
    GROWTH = "the driver's csi-resizer"
    PODS = "pods that use a volume"
    ROOT_PODS = "pods that open a raw device"
    SECRETS = "secrets that we may make"
    CLUSTER_WIDE = "cluster-wide objects that we may create and change"


@dataclass(frozen=True)
class Sight:
    """One ailment as it shows in a cluster: ``text`` is what was seen, ``names`` fill the remedy.

    ``sure`` is False where what was seen is only a hint; then nothing is held back for it. ``grounds`` take the
    place of the ailment's own where they depend on what was seen.
    """

    text: str
    names: Mapping[str, str] = field(default_factory=dict)
    sure: bool = True
    grounds: tuple[Ground, ...] | None = None


@dataclass(frozen=True)
class Ailment:
    """One row of the table.

    ``clause`` is the preflight clause that it breaks ("" for none), ``what`` says in a line what is missing,
    ``symptom`` how it shows to whoever meets it elsewhere, ``remedy`` what to do, with the command; ``grounds``
    are what it takes away, none for what is only worth knowing. ``look`` gives None where all is well.
    """

    name: str
    clause: str
    what: str
    symptom: str
    remedy: str
    grounds: tuple[Ground, ...]
    look: Callable[[Evidence], Sight | None]


@dataclass(frozen=True)
class Finding:
    """An ailment that a cluster has; ``hindered`` are the clauses that cannot be judged for it."""

    ailment: Ailment
    seen: str
    remedy: str
    hindered: frozenset[str]

    @property
    def hinders(self) -> bool:
        return bool(self.hindered)

    @property
    def line(self) -> str:
        """The finding in one line, by which results and messages name it."""
        return f"{self.ailment.what} ({self.ailment.name})"


class _Named(dict[str, str]):
    """Leaves a name that was not given as it stands, in capitals: for the documentation."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def filled(text: str, names: Mapping[str, str]) -> str:
    """A remedy with the names of this cluster in it."""
    return text.format_map(_Named(names))


def listed(words: Iterable[str], limit: int = 6) -> str:
    """Names in a line; the number of those that are too many."""
    every = list(words)
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more
