"""Leader election by a Lease: of several instances of a role one works (clause HA-001).

A candidate does not poll: it watches the Lease, so that it takes over as soon as the leader lets go, and
when the leader's term has ended otherwise. Terms are counted on our own clock: a candidate counts from the moment
at which it saw a change, a leader from before it asked for the renewal, so that the leader's own count ends
first. Clocks of two machines are never compared.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from .client import Json, KubeClient, Watch
from .errors import ApiError, ApiUnreachableError
from .kinds import LEASE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Terms:
    """Seconds: how long a lease holds, how long its leader tries to renew it, and how often.

    Raises ValueError where ``lease`` > ``renew`` > ``retry`` > 0 does not hold.
    """

    lease: float = 15.0
    renew: float = 10.0
    retry: float = 5.0

    def __post_init__(self) -> None:
        if not self.lease > self.renew > self.retry > 0:
            raise ValueError(
                f"leader election needs lease duration > renew deadline > retry period > 0, not {self.lease:g} s, "
                f"{self.renew:g} s, {self.retry:g} s"
            )

    @property
    def request(self) -> float:
        """How long one request about the lease may take: the last try must have failed before the lease ends."""
        return (self.lease - self.renew) / 4


def lease_name(text: str) -> str:
    """A lease name made of a driver name: every character that is not alphanumeric becomes ``-``."""
    return re.sub(r"[^a-zA-Z0-9-]", "-", text)


@dataclass
class Sighting:
    """The last state of the lease that was seen, and when (monotonic seconds)."""

    holder: str
    renewed: str
    at: float


class Elector:
    """Holds one Lease, or waits for it. ``identity`` is the pod's name where there is one.

    ``client`` should be its own: renewals must not queue behind the work that they entitle to.
    """

    def __init__(
        self, client: KubeClient, namespace: str, name: str, identity: str, terms: Terms | None = None
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._terms = terms or Terms()
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        """Held while the lease is written: a release must not be overtaken by a renewal."""
        self._watch: Watch | None = None
        self._seen: Sighting | None = None
        self._lease: Json | None = None
        self._until = 0.0

    @property
    def leads(self) -> bool:
        """Our term has not ended, by our own clock. False after a pause of the process that was too long."""
        return time.monotonic() < self._until

    def acquire(self) -> bool:
        """Block until we are the leader; False if ``stop`` came first."""
        while not self._stopping.is_set():
            try:
                if self._try():
                    log.info("leader of lease %s/%s as %s", self._namespace, self._name, self._identity)
                    return True
                self._wait_for_change()
            except (ApiError, ApiUnreachableError) as error:
                log.warning("lease %s/%s: %s", self._namespace, self._name, error)
                self._stopping.wait(self._terms.retry / 5)
        return False

    def hold(self, lost: Callable[[], None]) -> None:
        """Renew until ``stop``; call ``lost`` once if somebody took the lease or the renew term is over."""
        renewed, pause = time.monotonic(), self._terms.retry
        while not self._stopping.wait(pause):
            try:
                if not self._try():
                    break
                renewed, pause = time.monotonic(), self._terms.retry
            except (ApiError, ApiUnreachableError) as error:
                log.warning("lease %s/%s not renewed: %s", self._namespace, self._name, error)
                left = renewed + self._terms.renew - time.monotonic()
                if left <= 0:
                    break
                pause = min(self._terms.retry / 5, left)
        if not self._stopping.is_set():
            self._until = 0.0
            log.error("lease %s/%s lost", self._namespace, self._name)
            lost()

    def stop(self) -> None:
        """End ``acquire`` and ``hold``."""
        self._stopping.set()
        if self._watch:
            self._watch.stop()

    def release(self) -> None:
        """Give the lease up, so that the next candidate need not wait for its end; after ``stop``."""
        with self._turn:
            if not self._lease:
                return
            self._until = 0.0
            spec = {**self._spec(self._lease["spec"]), "holderIdentity": "", "leaseDurationSeconds": 1}
            with contextlib.suppress(ApiError, ApiUnreachableError):  # it ends by itself after its term
                self._client.replace(LEASE, {**self._lease, "spec": spec})
            self._lease = None

    def _try(self) -> bool:
        """Take or renew the lease; False while somebody else holds it, and after ``stop``."""
        with self._turn:
            if self._stopping.is_set():
                return False
            begun = time.monotonic()
            # Whoever led and lost the lease is not to lead again: others have worked meanwhile.
            self._lease = self._renewed() or self._taken(only_ours=self._lease is not None)
            if self._lease is None:
                return False
            self._until = begun + self._terms.lease
            return True

    def _renewed(self) -> Json | None:
        """Our lease, one term further; None where it is not ours, or somebody changed it."""
        if self._lease is None:
            return None
        try:
            return self._client.replace(LEASE, {**self._lease, "spec": self._spec(self._lease["spec"])})
        except ApiError as error:
            if error.conflict or error.not_found:
                return None
            raise

    def _taken(self, *, only_ours: bool) -> Json | None:
        """The lease if it was free, or could be made; with ``only_ours`` if it still has our name."""
        try:
            lease = self._client.get(LEASE, self._namespace, self._name)
        except ApiError as error:
            if not error.not_found:
                raise
            return self._made()
        spec = lease.get("spec") or {}
        self._note(spec)
        if not self._free(spec) or (only_ours and spec.get("holderIdentity") != self._identity):
            return None
        try:
            return self._client.replace(LEASE, {**lease, "spec": self._spec(spec)})
        except ApiError as error:
            if error.conflict:
                return None
            raise

    def _made(self) -> Json | None:
        meta = {"name": self._name, "namespace": self._namespace}
        body = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": meta, "spec": self._spec({})}
        try:
            return self._client.create(LEASE, body)
        except ApiError as error:
            if error.exists:
                return None
            raise

    def _note(self, spec: Json) -> None:
        holder, renewed = str(spec.get("holderIdentity") or ""), str(spec.get("renewTime") or "")
        if self._seen is None or (self._seen.holder, self._seen.renewed) != (holder, renewed):
            self._seen = Sighting(holder, renewed, time.monotonic())

    def _free(self, spec: Json) -> bool:
        return spec.get("holderIdentity") in (None, "", self._identity) or self._left(spec) <= 0

    def _left(self, spec: Json) -> float:
        """Seconds until the seen term ends."""
        seen = self._seen.at if self._seen else time.monotonic()
        return seen + float(spec.get("leaseDurationSeconds") or self._terms.lease) - time.monotonic()

    def _wait_for_change(self) -> None:
        """Until the lease changes, or the term of its holder has ended."""
        lease = self._client.get(LEASE, self._namespace, self._name)
        spec = lease.get("spec") or {}
        self._note(spec)
        left = self._left(spec)
        if self._free(spec):
            return
        self._watch = watch = self._client.watch(
            LEASE,
            self._namespace,
            fieldSelector=f"metadata.name={self._name}",
            resourceVersion=str(lease["metadata"]["resourceVersion"]),
            # The server counts in whole seconds: the timer ends the watch, this only bounds it.
            timeoutSeconds=str(int(left) + 2),
        )
        timer = threading.Timer(left, watch.stop)
        timer.daemon = True
        timer.start()
        if self._stopping.is_set():
            watch.stop()
        try:
            for _ in watch:
                watch.stop()
                return
        except ApiUnreachableError:
            if self._left(spec) > 0:  # else it was our timer that broke it
                raise
        finally:
            timer.cancel()

    def _spec(self, spec: Json) -> Json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        ours = spec.get("holderIdentity") == self._identity
        return {
            **spec,
            "holderIdentity": self._identity,
            # The API counts in whole seconds: for the others our term may last longer, never shorter.
            "leaseDurationSeconds": math.ceil(self._terms.lease),
            "acquireTime": spec.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (0 if ours or not spec else 1),
        }
