"""One worker of the proof: a process with a cluster of its own, which tries case after case on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_csi_snapshot.fixtures.installing.awaiting import NotInTimeError
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

from .clusters import KeptCluster, kept
from .observing import Observation
from .running import Order, observe, preload


class Hand:
    """Tries orders on one kept cluster; ``folder`` takes logs and answers."""

    def __init__(self, name: str, folder: Path) -> None:
        self._cluster = KeptCluster(name)
        self._folder = folder
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        preload()

    def work(self, orders: Iterable[Order], tell: Callable[[Observation], None]) -> None:
        """Try all of them, one after the other; the cluster is gone afterwards, whatever happens."""
        self._cluster.down()
        with kept(self._cluster):
            for order in orders:
                tell(self._try(order))

    def _try(self, order: Order) -> Observation:
        begun = time.monotonic()
        try:
            self._cluster.switch(order.faults)
        except (NotInTimeError, ApiError, ApiUnreachableError, OSError) as error:
            self._cluster.replace()
            seconds = round(time.monotonic() - begun, 2)
            return Observation(order.name, seconds=seconds, trouble=f"the fault could not be switched on: {error}")
        switched = time.monotonic() - begun
        seen = observe(order, self._cluster.run, self._folder, self._folder / "logs" / f"{order.name}.log")
        remarks, judged = list(seen.remarks), time.monotonic() - begun
        if not self._cluster.cleared():
            remarks.append("left the cluster dirty: it was replaced")
            self._cluster.replace()
        ended = time.monotonic() - begun
        return Observation(
            order.name,
            seen.rows,
            round(ended, 2),
            seen.trouble,
            tuple(remarks),
            switching=round(switched, 2),
            clearing=round(ended - judged, 2),
        )
