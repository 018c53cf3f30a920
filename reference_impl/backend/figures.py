"""What is to be shown of a volume and is not in its record."""

from __future__ import annotations

from dataclasses import dataclass

from . import tickets
from .care import replica_name
from .engine import Engine
from .readiness import robustness, why_not_ready
from .records import Volume
from .replica.names import HEAD
from .volumes import Volumes


@dataclass(frozen=True)
class ReplicaFigures:
    """One replica; ``mode`` is "ERR" also for one whose files were lost just now."""

    name: str
    path: str
    mode: str
    failed_at: float


@dataclass(frozen=True)
class Figures:
    """Sizes in bytes; ``device`` is "" while there is none; ``waiting``: ticket -> why it is not satisfied."""

    state: str
    robustness: str
    why_not_ready: str
    size: int
    actual_size: int
    device: str
    snapshots: int
    warn_from: int
    replicas: tuple[ReplicaFigures, ...]
    waiting: dict[str, str]
    purged: bool
    rebuilt: str
    expansion_error: tuple[str, float]
    """Of the last expansion, and when it was: "" for one that went well."""
    restored: int
    """Per cent, of a volume that is being filled."""


def figures(engine: Engine, volumes: Volumes, volume: Volume) -> Figures:
    """Of ``volume`` now. Raises BackendError NotFound if it was deleted meanwhile."""
    store = volumes.store(volume)
    robust = robustness(engine, volume)
    usage = volumes.usage(volume)
    whole = {copy.id for copy in store.whole()}
    return Figures(
        state=volumes.state(volume),
        robustness=robust,
        why_not_ready=why_not_ready(volume, robust),
        size=volumes.size(volume),
        actual_size=sum(usage.values()),
        device=volumes.device(volume),
        snapshots=len(usage.keys() - {HEAD}),
        warn_from=min(
            int(engine.settings.value("snapshot-count-warning-threshold")),
            int(volume.options.get("snapshotMaxCount", 250)),
        ),
        replicas=tuple(
            ReplicaFigures(
                name=replica_name(volume, copy),
                path=str(store.replicas.folder(copy)),
                mode="ERR" if copy.mode == "RW" and copy.id not in whole else copy.mode,
                failed_at=copy.failed_at,
            )
            for copy in store.replicas.copies
        ),
        waiting=dict(tickets.place(volume.attachments, volume.node).waiting),
        purged=store.purged,
        rebuilt=f"{volume.name}-r-{store.rebuilt}" if store.rebuilt else "",
        expansion_error=store.expansion_error,
        restored=engine.restores.get(volume.name, 0),
    )
