"""What a new volume begins with: nothing, a snapshot, or another volume as it is now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from .engine import Engine
from .errors import BackendError
from .readiness import check_ready
from .replica.names import HEAD


class Sources:
    """The data sources of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def locks(self, data_source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What to hold alone and what to share: a volume is frozen for its clone, a snapshot never changes."""
        kind, volume, snapshot = parse_source(data_source)
        if kind == "vol":
            return (f"volume {volume}",), ()
        return (), (f"snapshot {snapshot}", f"volume {volume}") if kind else ()

    @contextlib.contextmanager
    def content(self, data_source: str, target: str) -> Iterator[Path | None]:
        """A flat file to fill the volume ``target`` with, for as long as the body runs; None for no source.

        Raises BackendError NotFound, Aborted.
        """
        kind, volume, snapshot = parse_source(data_source)
        if not kind:
            yield None
        elif kind == "snap":
            found = self._engine.snapshots.get(snapshot)
            if found is None or found.volume != volume:
                raise BackendError("NotFound", f"snapshot {snapshot} of volume {volume} not found")
            with self._engine.stores[found.chain].flat(snapshot, f"for.{target}") as path:
                yield path
        else:
            with self._of_volume(volume, target) as path:
                yield path

    @contextlib.contextmanager
    def _of_volume(self, name: str, target: str) -> Iterator[Path]:
        volume = self._engine.volumes.get(name)
        if volume is None:
            raise BackendError("NotFound", f"volume {name} not found")
        check_ready(self._engine, volume)
        store = self._engine.stores[volume.chain]
        if not store.is_live:
            with store.flat(HEAD, f"for.{target}") as path:
                yield path
            return
        path = self._engine.pool.cut(f"{name}.for.{target}")
        self._engine.pool.clone_together({path: store.live}, self._engine.devices.quiet(name))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def parse_source(data_source: str) -> tuple[str, str, str]:
    """Kind, volume and snapshot of a ``dataSource``; "" thrice for none. Raises BackendError InvalidArgument."""
    kind, _, rest = data_source.partition("://")
    volume, _, snapshot = rest.partition("/")
    given = (kind, bool(volume), bool(snapshot))
    if given not in (("", False, False), ("vol", True, False), ("snap", True, True)):
        expected = "vol://VOLUME or snap://VOLUME/SNAPSHOT"
        raise BackendError("InvalidArgument", f"invalid data source {data_source!r}: {expected}")
    return kind, volume, snapshot
