"""A run's presence in a cluster that outlives it: a namespace and a Lease from before its first object to the end.

While the Lease is renewed no sweep touches what the run has made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pytest_csi_snapshot import ledger_file
from pytest_csi_snapshot.disruption import await_controllers
from pytest_csi_snapshot.exclusive import remove_common_namespace
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import LEASE, NAMESPACE
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.leases import DURATION, Renewing, ServerClock, expires, held_from, holder
from pytest_csi_snapshot.leave import LeaveClient

Json = dict[str, Any]

NAME = "run"
"""Name of the Lease."""


def home_of(run: str) -> str:
    """The namespace in which a run holds its Lease."""
    return f"{Mark(run, '').run_prefix}lease"


def speaker(client: KubeClient, run: str) -> LeaveClient:
    """A client that speaks for all processes of a run, from the process that the user started."""
    return LeaveClient(client, History(), Mark(run, ""), notebook=ledger_file.joined(run, "run"))


class Presence:
    """Of one run at one cluster; ``tell`` is told for whom it waits, ``lost`` that the Lease cannot be kept."""

    def __init__(
        self, client: KubeClient, run: str, tell: Callable[[str], None], lost: Callable[[str], None]
    ) -> None:
        self._client = client
        self._run = run
        self._tell = tell
        self._lost = lost
        self._renewing: Renewing | None = None

    def begin(self) -> None:
        """Begin the ledger, make the namespace and the Lease; wait where somebody ends controllers just now.

        Raises ApiError, ApiUnreachableError, OSError, and TakenError where that takes too long.
        """
        ledger_file.begin(self._run, self._client.host)
        api, clock = speaker(self._client, self._run), ServerClock(self._client)
        home = home_of(self._run)
        api.create(NAMESPACE, {"metadata": {"name": home}})
        meta = {"name": NAME, "namespace": home}
        api.create(LEASE, {"metadata": meta, "spec": held_from(clock.now(), holder())})
        self._renewing = Renewing(api, home, NAME, clock, self._lost)
        self._renewing.start()
        await_controllers(api, clock, self._tell)

    def end(self) -> None:
        """Ask for the end of the Lease and its namespace, and of what all runs share where nobody uses it."""
        renewing, self._renewing = self._renewing, None
        if renewing is None:
            return
        renewing.stop()
        api = speaker(self._client, self._run)
        api.delete(NAMESPACE, None, home_of(self._run))
        # After that, for this waits, and both namespaces can end at once.
        remove_common_namespace(api, ServerClock(self._client))


def state(client: KubeClient, run: str, now: datetime, begun: datetime | None) -> tuple[bool, str]:
    """Whether a run is alive, and how one can tell. ``begun`` is the age of the oldest trace of it, if known."""
    lease = client.find(LEASE, home_of(run), NAME)
    if lease is None:
        young = begun is not None and now - begun < timedelta(seconds=DURATION)
        return young, "it has begun just now" if young else "it holds no Lease"
    end, who = expires(lease), lease["spec"].get("holderIdentity") or "nobody"
    seconds = abs((now - end).total_seconds())
    if end < now:
        return False, f"the Lease of {who} expired {seconds:.0f} s ago"
    return True, f"the Lease of {who} is renewed, and good for another {seconds:.0f} s"
