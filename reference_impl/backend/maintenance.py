"""What is done to a volume by hand: revert it to a snapshot, purge removed snapshots, trim its filesystem."""

from __future__ import annotations

import logging

from ..linux import freezing
from .engine import Engine
from .errors import BackendError
from .readiness import check_ready, purge_allowed
from .records import Volume
from .replica.names import HEAD

log = logging.getLogger("backend")


class Maintenance:
    """Of the volumes of one engine. Every method may raise BackendError NotFound and OSError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revert(self, name: str, snapshot: str) -> None:
        """Go back to ``snapshot``; newer ones stay, as another branch. The size stays too.

        Raises BackendError FailedPrecondition while the volume has a device.
        """
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._get(name)
            check_ready(self._engine, volume)
            with self._engine.storing(volume.chain) as store:
                if not volume.disable_frontend or store.is_live:
                    raise BackendError(
                        "FailedPrecondition",
                        f"failed to revert snapshot for volume {name} with frontend enabled: attach it without",
                    )
                layer = store.tree.layers.get(snapshot)
                if snapshot == HEAD or layer is None:
                    raise BackendError("NotFound", f"not found snapshot '{snapshot}', for volume '{name}'")
                if layer.removed:
                    raise BackendError(
                        "FailedPrecondition",
                        f"not revert to snapshot '{snapshot}' for volume '{name}' since it's marked as Removed",
                    )
                store.revert(snapshot)
            log.info("volume %s reverted to snapshot %s", name, snapshot)

    def purge(self, name: str) -> Volume:
        """Let go of removed and system snapshots. Raises BackendError FailedPrecondition if not allowed."""
        if not purge_allowed(self._engine):
            raise BackendError(
                "FailedPrecondition", "cannot purge snapshots while disable-snapshot-purge setting is true"
            )
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._get(name)
            check_ready(self._engine, volume)
            with self._engine.storing(volume.chain) as store:
                store.purge()
            return self._get(name)

    def trim(self, name: str) -> Volume:
        """Give unused space of the filesystem back. Raises BackendError FailedPrecondition if none is mounted."""
        with self._engine.locks.hold(f"volume {name}"):
            volume = self._get(name)
            loop = self._engine.devices.of(name)
            fstype = freezing.live_filesystem(loop.number) if loop else None
            if loop is None or fstype is None:
                raise BackendError("FailedPrecondition", f"volume {name} has no mounted filesystem")
            freezing.trim(loop, fstype)
            return volume

    def cancel_expansion(self, name: str) -> Volume:
        """An expansion is done or refused when its call is answered: there is none to cancel."""
        self._get(name)
        raise BackendError("FailedPrecondition", "volume expansion is not started")

    def _get(self, name: str) -> Volume:
        volume = self._engine.volumes.get(name)
        if volume is None:
            raise BackendError("NotFound", f"volume {name} not found")
        return volume
