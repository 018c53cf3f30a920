"""Whether a volume can be worked with now, and why not."""

from __future__ import annotations

from .engine import Engine
from .errors import BackendError
from .options import replica_count
from .records import Volume
from .states import ROBUSTNESS


def robustness(engine: Engine, volume: Volume) -> str:
    """A value of ``states.ROBUSTNESS``; files that are gone count at once."""
    store = engine.stores[volume.chain]
    usable = 0 if volume.restore == "failed" else len(store.whole())
    amount = "none" if not usable else "all" if usable >= replica_count(volume.options) else "some"
    return ROBUSTNESS[bool(volume.node), amount]


def tell(engine: Engine, name: str) -> None:
    """An event for whoever watches, if the robustness of an attached volume is not that of the last call."""
    volume = engine.volumes.get(name)
    found = robustness(engine, volume) if volume is not None else "unknown"
    before = engine.told.get(name, "unknown")
    engine.told[name] = found
    if found not in (before, "unknown"):
        engine.events.add("Volume", name, found.capitalize(), f"volume {name} became {found}")


def why_not_ready(volume: Volume, robust: str) -> str:
    """ "" for a volume that is ready for workloads."""
    if volume.restore == "initiated":
        return f"volume {volume.name} is restoring data"
    if robust == "faulted":
        return f"volume {volume.name} is faulted"
    return ""


def purge_allowed(engine: Engine) -> bool:
    """Whether removed layers may go, which changes those beside them."""
    return engine.settings.value("disable-snapshot-purge") == "false"


def check_ready(engine: Engine, volume: Volume) -> None:
    """Raises BackendError: Aborted while the volume is being filled, FailedPrecondition if it is faulted."""
    if volume.restore == "initiated":
        raise BackendError("Aborted", f"volume {volume.name} is restoring data")
    if volume.restore == "failed":
        raise BackendError(
            "FailedPrecondition", f"volume {volume.name} is faulted: its restore failed: {volume.restore_error}"
        )
    with engine.storing(volume.chain) as store:
        store.replicas.check()
        if not store.replicas.good:
            raise store.replicas.faulted()
