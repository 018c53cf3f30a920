"""A test's own corner of the cluster: what it makes, reads and changes there. Nothing is judged."""

from __future__ import annotations

import secrets
from typing import Any

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.evidence.stepping import Stepping, quiet
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.client import MERGE_PATCH
from pytest_csi_snapshot.kube.kinds import NAMESPACE, SECRET, SERVICE_ACCOUNT, Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import NUDGE, fresh_name
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.ledger import Handle, Ledger
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.station import Station
from pytest_csi_snapshot.workloads.pods import SERVICE_ACCOUNT as WORKLOAD_ACCOUNT

Json = dict[str, Any]


class PreparationError(Exception):
    """The ground for a test could not be prepared: the cluster's or the driver's trouble, about no clause."""


class Ground(Stepping):
    """One test's own corner of the cluster. ``recorder`` is None where something is prepared for several tests."""

    cluster: Cluster

    def __init__(self, station: Station, recorder: Recorder | None, bounds: Bounds, test_id: str) -> None:
        self.station = station
        self.history = station.history
        self.api: LeaveClient = station.owned
        self.bounds = bounds
        self.limits = limits = bounds.limits
        self.test_id = test_id
        self.ledger = Ledger(self.api, self.history, patience=limits.deletion, release=limits.release)
        self._recorder = recorder
        self._namespace = ""
        self._begun = self.history.position
        self._every: set[Kind] = set()
        """Of what the test has asked for every version: what it did not see over a gap may have been there."""

    @property
    def namespace(self) -> str:
        """This test's namespace, made when it is first asked for."""
        if not self._namespace:
            name = self.api.mark.fresh()
            self._namespace = name  # set first: what fails below is cleaned up all the same
            self.create(NAMESPACE, {"metadata": {"name": name}})
            self.station.watch_events(name)
            self._furnish(name)
        return self._namespace

    def _furnish(self, namespace: str) -> None:
        """What pods need in a namespace: their account, and copies of the secrets that they or classes name."""
        placement = self.bounds.placement
        for secret in dict.fromkeys((*placement.pull_secrets, *self.bounds.secrets)):
            self._copy_secret(secret, namespace)
        names = [secret.partition("/")[2] for secret in placement.pull_secrets]
        pulling = {"imagePullSecrets": [{"name": name} for name in names]} if names else {}
        meta = {"name": WORKLOAD_ACCOUNT, "namespace": namespace}
        self.create(SERVICE_ACCOUNT, {"metadata": meta, **pulling})

    def _copy_secret(self, secret: str, namespace: str) -> None:
        home, _, name = secret.partition("/")
        try:
            body = self.api.get(SECRET, home, name)
        except ApiError as error:
            raise PreparationError(f"secret {secret} cannot be read: {error.status} {error.reason}") from None
        meta = {"name": name, "namespace": namespace}
        self.create(SECRET, {"metadata": meta, "type": body.get("type"), "data": body.get("data") or {}})

    def another_namespace(self) -> Handle:
        """A further namespace, whose events are seen too; no pods run there."""
        made = self.create(NAMESPACE, {"metadata": {"name": self.api.mark.fresh()}})
        self.station.watch_events(made.name)
        return made

    def create(self, kind: Kind, body: Json) -> Handle:
        """Create an object; it is removed when the test ends. A name is made up where there is none."""
        meta = dict(body.get("metadata") or {})
        meta.setdefault("name", fresh_name(kind.kind.lower()[:20]))
        if kind.namespaced:
            meta.setdefault("namespace", self.namespace)
        return self.ledger.add(Handle.of(kind, self.api.create(kind, {**body, "metadata": meta})))

    def get(self, what: Handle) -> Json:
        """The object as it is now."""
        return self.api.get(what.kind, what.namespace, what.name)

    def patch(
        self, what: Handle, body: Any, *, subresource: str | None = None, content_type: str = MERGE_PATCH
    ) -> Json:
        """Change a part of an object."""
        return self.api.patch(
            what.kind, what.namespace, what.name, body, subresource=subresource, content_type=content_type
        )

    def nudge(self, what: Handle) -> None:
        """Make the controllers that watch an object look at it now, instead of after their back-off (ERR-007).

        Nothing happens where it is gone meanwhile: the retry that was to be hurried came first.
        """
        self._patch_if_there(what, {"metadata": {"annotations": {NUDGE: secrets.token_hex(4)}}})

    def _patch_if_there(self, what: Handle, body: Json) -> None:
        try:
            self.patch(what, body)
        except ApiError as error:
            if not error.not_found:
                raise

    def delete(self, what: Handle) -> None:
        """Ask for the deletion of an object; returns before it is gone."""
        self.api.delete(what.kind, what.namespace, what.name, uid=what.uid)

    @quiet
    def versions(self, what: Handle) -> list[Version]:
        """Every version of an object that was seen; where one was missed, a check that fails is unknown."""
        self._every.add(what.kind)
        return self.history.versions(what.uid)
