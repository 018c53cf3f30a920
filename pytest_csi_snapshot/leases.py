"""Leases, by which the runs on a cluster know of each other, and a sweep knows that a run is over.

Each run holds one in a namespace of its own; the tests that run alone hold another, which all runs share. A lease
that nobody renews expires by itself. All its times are the API server's: the clocks of two machines are never
compared.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import LEASE
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.kube.repeating import lost, repeating
from pytest_csi_snapshot.owning import NotOursError, OwnedClient

Json = dict[str, Any]

DURATION = 60.0
"""Seconds after which a lease that was not renewed has expired."""
RENEWAL = 15.0
"""Seconds between two renewals: three may fail."""


class ServerClock:
    """The time of an API server, to the second: asked for once, counted on from there."""

    def __init__(self, client: KubeClient) -> None:
        told = repeating(lost)(_date_of, client)
        self._ahead = told.timestamp() - time.monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)


def holder() -> str:
    """Who holds a lease here, for people: the machine and the process."""
    return f"{socket.gethostname()} {os.getpid()}"


def held_from(now: datetime, who: str) -> Json:
    """The ``spec`` of a lease that somebody begins to hold."""
    held = {"holderIdentity": who, "leaseDurationSeconds": int(DURATION), "acquireTime": _text(now)}
    return {**held, **renewed(now)}


def renewed(now: datetime) -> Json:
    """What a renewal changes in the ``spec``."""
    return {"renewTime": _text(now)}


def expires(lease: Json) -> datetime:
    """When a lease expires unless it is renewed."""
    spec = lease.get("spec") or {}
    last = datetime.fromisoformat(str(spec["renewTime"]).replace("Z", "+00:00"))
    return last + timedelta(seconds=float(spec["leaseDurationSeconds"]))


class Renewing:
    """Renews a lease of ours from a thread, until ``stop``.

    ``lost`` is called once, with the reason, where that comes to an end by itself: from then on others may take
    this run for dead.
    """

    def __init__(
        self, api: OwnedClient, namespace: str, name: str, clock: ServerClock, lost: Callable[[str], None]
    ) -> None:
        self._api = api
        self._where = namespace, name
        self._clock = clock
        self._lost = lost
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease {namespace}/{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing is sent any more."""
        self._ended.set()
        self._thread.join()

    def _renew(self) -> None:
        last = time.monotonic()
        while not self._ended.wait(RENEWAL):
            try:
                self._once()
                last = time.monotonic()
            except (ApiError, ApiUnreachableError, NotOursError) as error:
                gone = isinstance(error, NotOursError) or (isinstance(error, ApiError) and error.not_found)
                if gone or time.monotonic() - last > DURATION:
                    self._lost(f"the Lease {'/'.join(self._where)} is lost: {error}")
                    return

    def _once(self) -> None:
        namespace, name = self._where
        self._api.patch(LEASE, namespace, name, {"spec": renewed(self._clock.now())})


def _date_of(client: KubeClient) -> datetime:
    with client.open("GET", "/version") as response:
        told = parsedate_to_datetime(response.headers["Date"])
        response.drain_conn()
    return told


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
