"""The Lease of the tests that run alone: one for a cluster, held by one test of one run at a time.

In a namespace that all runs share, which is made when it is first needed, and removed by the run that ends last.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import tenacity

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import LEASE, NAMESPACE
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import COMMON_NAMESPACE, DOMAIN
from pytest_csi_snapshot.leases import Renewing, ServerClock, expires, held_from, holder
from pytest_csi_snapshot.owning import OwnedClient
from pytest_csi_snapshot.station import station_at

Json = dict[str, Any]

NAME = "exclusive"
ENDS_CONTROLLERS = f"{DOMAIN}/ends-controllers"
"""An annotation of the Lease while its holder ends controllers, see ``disruption``."""
PATIENCE = 900.0
"""Seconds to wait for the tests of other runs: several, of minutes each."""


_END = 30.0
"""Seconds for the end of a namespace that holds a lease and nothing else."""


class TakenError(Exception):
    """Another run has held the Lease for too long; ``str()`` says who."""


class LostError(Exception):
    """The Lease was lost while the test ran: what it saw may be another run's doing."""


@contextlib.contextmanager
def alone_in(cluster: Cluster) -> Iterator[None]:
    """Keep those tests of other runs away that are to run alone too. Skips the test where one makes no room."""
    station = station_at(cluster)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(exclusive(station.owned, ServerClock(station.client)))
        except TakenError as error:
            pytest.skip(f"it has to run alone, and {error}")
        yield


@contextlib.contextmanager
def exclusive(api: OwnedClient, clock: ServerClock, *, within: float = PATIENCE) -> Iterator[None]:
    """Hold the Lease; wait ``within`` seconds for others. Raises TakenError, and LostError at the end."""
    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TakenError),
        wait=tenacity.wait_random(0.5, 1.5),  # whoever waits is in no hurry: tests that run alone take seconds
        stop=tenacity.stop_after_delay(within),
        reraise=True,
    )
    lease = patiently(take, api, clock)
    losses: list[str] = []
    renewing = Renewing(api, COMMON_NAMESPACE, NAME, clock, losses.append)
    renewing.start()
    try:
        yield
    finally:
        renewing.stop()
        _give_back(api, lease)
    if losses:
        raise LostError(losses[0])


def take(api: OwnedClient, clock: ServerClock) -> Json:
    """The Lease, which is ours now. Raises TakenError."""
    meta = {"name": NAME, "namespace": COMMON_NAMESPACE}
    spec = held_from(clock.now(), holder())
    try:
        try:
            api.create(NAMESPACE, {"metadata": {"name": COMMON_NAMESPACE}})
        except ApiError as error:
            if not error.conflict:
                raise
        try:
            return api.create(LEASE, {"metadata": meta, "spec": spec})
        except ApiError as error:
            if not error.conflict:
                raise
        present = api.find(LEASE, COMMON_NAMESPACE, NAME)
        if present is not None and expires(present) < clock.now():
            seen = present["metadata"]["resourceVersion"]  # of several, one gets it
            change = {"resourceVersion": seen, "annotations": {ENDS_CONTROLLERS: None}}
            return api.patch(LEASE, COMMON_NAMESPACE, NAME, {"metadata": change, "spec": spec})
        raise TakenError(f"{(present or {}).get('spec', {}).get('holderIdentity', 'somebody')} runs a test alone")
    except ApiError as error:
        if error.conflict or error.not_found or "being terminated" in error.message:  # whoever was quicker
            raise TakenError(f"another run is taking the Lease {COMMON_NAMESPACE}/{NAME}") from error
        raise


def remove_common_namespace(api: OwnedClient, clock: ServerClock) -> str:
    """Remove what all runs share, and wait for its end; the reason where another run will have to do it, else "".

    It is taken first, so that nobody can meanwhile.
    """
    present = api.find(NAMESPACE, None, COMMON_NAMESPACE)
    if present is None:
        return ""
    try:
        if "deletionTimestamp" not in present["metadata"]:
            take(api, clock)
    except TakenError as error:
        return str(error)
    api.delete(NAMESPACE, None, COMMON_NAMESPACE)
    gone = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=tenacity.wait_fixed(0.5),
        stop=tenacity.stop_after_delay(_END),
        retry_error_callback=lambda _: f"Namespace {COMMON_NAMESPACE} does not end",
    )
    return str(gone(lambda: api.find(NAMESPACE, None, COMMON_NAMESPACE)) or "")


def _give_back(api: OwnedClient, lease: Json) -> None:
    with contextlib.suppress(ApiError, ApiUnreachableError):  # it expires by itself
        api.delete(LEASE, COMMON_NAMESPACE, NAME, uid=lease["metadata"]["uid"])
