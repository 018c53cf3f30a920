"""One worker's post at a cluster: its client, its history and the watches that feed it.

A station lives as long as the process: watches are opened once and serve every test. Kinds that we create
are watched by the worker's label, cluster-wide; what controllers make for us (contents, volumes) by the
namespace that it refers to; events by the namespace of a test, only where a test asks for them.
"""

from __future__ import annotations

import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import (
    EVENT,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    LEASE,
    POD,
    PV,
    PVC,
    RESOURCE_QUOTA,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VOLUME_ATTACHMENT,
)
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.ledger_file import LedgerFile, joined
from pytest_csi_snapshot.session import run_id
from pytest_csi_snapshot.watching import Scope, Watch


class Station:
    """Client, history and watches of one worker at one cluster. ``client`` only reads; ``owned`` writes."""

    def __init__(self, client: KubeClient, mark: Mark, *, ledger_file: LedgerFile | None = None) -> None:
        self.client = client.reading()
        self.mark = mark
        self.history = History()
        self.owned = LeaveClient(client, self.history, mark, notebook=ledger_file)
        self.least = 0
        """Bytes of the least volume that the driver makes, once that was tried."""
        self.cut_at: dict[str, float] = {}
        """When a snapshot of a claim (uid) was last asked for, by the history's clock."""
        self.users_are_given = False
        """Whether a policy of this cluster has refused a pod with a user of our choice."""
        self._watches: list[Watch] = []
        self._further: dict[str, Watch] = {}
        self._guard = threading.Lock()

    def open(self) -> None:
        """Start the watches that every test needs; nothing that happens from now on is missed."""
        scopes = [Scope(kind, label_selector=self.mark.selector) for kind in (SNAPSHOT, PVC, POD)]
        scopes += [Scope(kind, keep=self.mark.ours) for kind in (SNAPSHOT_CONTENT, PV)]
        watches = [Watch(self.client, self.history, scope) for scope in scopes]
        with ThreadPoolExecutor(len(scopes)) as starters:  # each start is one request: they need not queue
            started = list(starters.map(_started, watches))
        self._watches = [watch for watch, there in zip(watches, started, strict=True) if there]

    @cached_property
    def classes_with_spares(self) -> frozenset[str]:
        """StorageClasses with volumes that wait for a claim: ours would be given one of somebody's."""
        spare = self.owned.list(
            PV, keep=lambda body: status_of(body).get("phase") == "Available" and not self.mark.ours(body)
        )
        return frozenset(str(body["spec"].get("storageClassName")) for body in spare)

    def watch_events(self, namespace: str, involved: str = "") -> None:
        """Record the events of a namespace, those of the past too. ``involved`` narrows to a kind of object."""
        selector = f"involvedObject.kind={involved}" if involved else ""
        self._watch_as_well(f"events {namespace} {involved}", Scope(EVENT, namespace, field_selector=selector))

    def watch_attachments(self, driver: str) -> None:
        """Record which volumes of a driver are attached where, beginning with those that are now."""
        scope = Scope(VOLUME_ATTACHMENT, keep=lambda body: body["spec"].get("attacher") == driver)
        self._watch_as_well(f"attachments {driver}", scope)

    def watch_lease(self, namespace: str, name: str) -> None:
        """Record who holds a lease, beginning with who does now."""
        scope = Scope(LEASE, namespace, field_selector=f"metadata.name={name}")
        self._watch_as_well(f"lease {namespace} {name}", scope)

    def watch_groups(self, version: str) -> None:
        """Record group snapshots, their contents and their members, which bear no label of ours."""
        mark = self.mark
        members = Scope(SNAPSHOT, keep=lambda body: mark.derived_from_us(body) and not mark.made_by_us(body))
        self._watch_as_well("groups", Scope(GROUP_SNAPSHOT.at(version), label_selector=mark.selector))
        self._watch_as_well("group contents", Scope(GROUP_CONTENT.at(version), keep=mark.ours))
        self._watch_as_well("group members", members)

    def _watch_as_well(self, name: str, scope: Scope) -> None:
        with self._guard:
            if name not in self._further:
                watch = Watch(self.client, self.history, scope)
                watch.start(with_past=True)
                self._further[name] = watch

    def watch_quotas(self, namespace: str) -> None:
        """Record what is charged to the quotas of a namespace."""
        self._watch_as_well(f"quotas {namespace} ", Scope(RESOURCE_QUOTA, namespace))

    def leave(self, namespace: str) -> None:
        """Nothing more is asked about a namespace: end the watches of it."""
        with self._guard:
            names = [name for name in (f"events {namespace} ", f"quotas {namespace} ") if name in self._further]
            watches = [self._further.pop(name) for name in names]
        for watch in watches:
            watch.stop()

    def close(self) -> None:
        """End every watch."""
        with self._guard:
            watches, self._watches = [*self._watches, *self._further.values()], []
            self._further.clear()
        for watch in watches:
            watch.stop()


def _started(watch: Watch) -> bool:
    """Start a watch; not one of a kind that is not served: no test of it is begun, and the others go on."""
    try:
        watch.start()
    except ApiError as error:
        if not error.not_found:
            raise
        return False
    return True


def station_at(cluster: Cluster) -> Station:
    """The station of this process at a cluster, opened at the first call; all drivers in it share it."""
    return _station(cluster.kubeconfig, cluster.context)


@cache
def _station(kubeconfig: str, context: str) -> Station:
    client = KubeClient.from_kubeconfig(kubeconfig or None, context or None)
    mark = this_worker()
    station = Station(client, mark, ledger_file=joined(mark.run, mark.worker))
    station.open()
    return station


@cache
def this_worker() -> Mark:
    """The mark of this process: workers of one pytest-xdist run share the run."""
    run = run_id(os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(4))
    return Mark(run=run, worker=os.environ.get("PYTEST_XDIST_WORKER", "main"))
