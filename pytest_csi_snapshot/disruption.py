"""Tests that end controllers, and runs that need them: never at the same time.

Each side announces itself first, and looks for the other one then; so of two that come at once, at least one sees
the other. A run announces itself by its Lease, see ``presence``, and begins once nobody ends controllers. A test
that is to end some announces that on the Lease of the tests that run alone, which it holds. Where another run is
there it takes that back and waits unannounced, so that the other one can begin.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import tenacity

from pytest_csi_snapshot.exclusive import ENDS_CONTROLLERS, NAME, PATIENCE, TakenError
from pytest_csi_snapshot.kube.kinds import LEASE
from pytest_csi_snapshot.labels import COMMON_NAMESPACE, DOMAIN, MANAGED_BY, RUN
from pytest_csi_snapshot.leases import ServerClock, expires
from pytest_csi_snapshot.owning import OwnedClient

Json = dict[str, Any]

_PAUSE = tenacity.wait_random(1.0, 3.0)
"""Between two looks: leases expire without an event that could be waited for."""


def other_runs(api: OwnedClient, now: datetime) -> list[str]:
    """The other runs that are alive in the cluster."""
    found = api.list(LEASE, labelSelector=f"{MANAGED_BY}={DOMAIN}")
    runs = [(lease, (lease["metadata"].get("labels") or {}).get(RUN)) for lease in found]
    return sorted(run for lease, run in runs if run and run != api.mark.run and expires(lease) > now)


def announced(api: OwnedClient, clock: ServerClock, within: float) -> list[str]:
    """Announce that controllers are ended from now on, until the Lease that is held is given back.

    Waits ``within`` seconds for the end of the other runs. Those that are still alive: then nothing is announced.
    """

    def attempt() -> list[str]:
        if others := other_runs(api, clock.now()):
            return others
        _announce(api, "true")
        if others := other_runs(api, clock.now()):
            _announce(api, None)
        return others

    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=_PAUSE,
        stop=tenacity.stop_after_delay(within),
        retry_error_callback=lambda call: call.outcome.result() if call.outcome else [],
    )
    found: list[str] = patiently(attempt)
    return found


def await_controllers(
    api: OwnedClient, clock: ServerClock, tell: Callable[[str], None], *, within: float = PATIENCE
) -> None:
    """Wait until nobody ends controllers; ``tell`` is told for whom, once. Raises TakenError."""

    def attempt() -> None:
        lease = api.find(LEASE, COMMON_NAMESPACE, NAME)
        if lease is not None and ends_controllers(lease) and expires(lease) > clock.now():
            raise TakenError(f"a test of {lease['spec'].get('holderIdentity')} ends controllers of the cluster")

    def told(call: tenacity.RetryCallState) -> None:
        if call.attempt_number == 1 and call.outcome:
            tell(f"waiting: {call.outcome.exception()}")

    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TakenError),
        wait=_PAUSE,
        stop=tenacity.stop_after_delay(within),
        before_sleep=told,
        reraise=True,
    )
    patiently(attempt)


def ends_controllers(lease: Json) -> bool:
    """The holder of the Lease of tests that run alone ends controllers, or is about to."""
    return ENDS_CONTROLLERS in (lease["metadata"].get("annotations") or {})


def _announce(api: OwnedClient, value: str | None) -> None:
    api.patch(LEASE, COMMON_NAMESPACE, NAME, {"metadata": {"annotations": {ENDS_CONTROLLERS: value}}})
