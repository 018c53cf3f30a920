"""Leader election by a Lease: of several instances of a role one works (clause HA-001).

A candidate does not poll: it watches the Lease, so that it takes over as soon as the leader lets go, and
waits for the rest of the leader's term otherwise. Terms are counted on our own clock from the moment
at which a change was seen: clocks of two machines are never compared.
"""

from __future__ import annotations

import contextlib
import logging
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
    """Seconds: how long a lease holds, how long its leader tries to renew it, and how often."""

    lease: float = 15.0
    renew: float = 10.0
    retry: float = 5.0


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
    """Holds one Lease, or waits for it. ``identity`` is the pod's name where there is one."""

    def __init__(
        self, client: KubeClient, namespace: str, name: str, identity: str, terms: Terms | None = None
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._terms = terms or Terms()
        self._stopping = threading.Event()
        self._watch: Watch | None = None
        self._seen: Sighting | None = None
        self._lease: Json | None = None

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
        """Renew until ``stop``; call ``lost`` once if that failed for the whole renew term."""
        renewed = time.monotonic()
        while not self._stopping.wait(self._terms.retry):
            try:
                if not self._try():
                    break
                renewed = time.monotonic()
            except (ApiError, ApiUnreachableError) as error:
                log.warning("lease %s/%s not renewed: %s", self._namespace, self._name, error)
                if time.monotonic() - renewed > self._terms.renew:
                    break
        if not self._stopping.is_set():
            log.error("lease %s/%s lost", self._namespace, self._name)
            lost()

    def stop(self) -> None:
        """End ``acquire`` and ``hold``."""
        self._stopping.set()
        if self._watch:
            self._watch.stop()

    def release(self) -> None:
        """Give the lease up, so that the next candidate need not wait for its end."""
        if not self._lease:
            return
        spec = {**self._spec(self._lease["spec"]), "holderIdentity": "", "leaseDurationSeconds": 1}
        with contextlib.suppress(ApiError, ApiUnreachableError):  # it ends by itself after its term
            self._client.replace(LEASE, {**self._lease, "spec": spec})
        self._lease = None

    def _try(self) -> bool:
        """Take or renew the lease; False while somebody else holds it."""
        try:
            lease = self._client.get(LEASE, self._namespace, self._name)
        except ApiError as error:
            if not error.not_found:
                raise
            return self._create()
        spec = lease.get("spec") or {}
        self._note(spec)
        if not self._free(spec):
            return False
        try:
            self._lease = self._client.replace(LEASE, {**lease, "spec": self._spec(spec)})
        except ApiError as error:
            if error.conflict:
                return False
            raise
        return True

    def _create(self) -> bool:
        meta = {"name": self._name, "namespace": self._namespace}
        body = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": meta, "spec": self._spec({})}
        try:
            self._lease = self._client.create(LEASE, body)
        except ApiError as error:
            if error.exists:
                return False
            raise
        return True

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
        """Until the lease changes, or the term of its holder may have ended."""
        lease = self._client.get(LEASE, self._namespace, self._name)
        spec = lease.get("spec") or {}
        self._note(spec)
        if self._free(spec):
            return
        self._watch = self._client.watch(
            LEASE,
            self._namespace,
            fieldSelector=f"metadata.name={self._name}",
            resourceVersion=str(lease["metadata"]["resourceVersion"]),
            timeoutSeconds=str(max(1, int(self._left(spec) + 1))),
        )
        if self._stopping.is_set():
            self._watch.stop()
        for _ in self._watch:
            self._watch.stop()
            return

    def _spec(self, spec: Json) -> Json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        ours = spec.get("holderIdentity") == self._identity
        return {
            **spec,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self._terms.lease),
            "acquireTime": spec.get("acquireTime") if ours else now,
            "renewTime": now,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (0 if ours or not spec else 1),
        }
