"""Role ``snapshot-controller``: wires caches, queues and the two syncs together."""

from __future__ import annotations

from ..kube import kinds, objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..work import options, scraping
from ..work.loop import Loop
from ..work.process import Process, activate, start_role
from . import finalizers
from .cluster import Cluster, claim_name, ready, snapshot_key
from .contents import Contents
from .deletion import restores_from
from .metrics import Operations
from .snapshots import Snapshots

ROLE = "snapshot-controller"
LEASE = "snapshot-controller-leader"


class Controller:
    """The parts of the running role; faults wrap methods of ``snapshots`` and ``contents``."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.snapshots = Snapshots(cluster)
        self.contents = Contents(cluster)


class Triggers:
    """Which change makes which object worth another look."""

    def __init__(self, cluster: Cluster, snapshots: Loop, contents: Loop, claims: Loop) -> None:
        self._cluster = cluster
        self._snapshots = snapshots.queue
        self._contents = contents.queue
        self._claims = claims.queue

    def snapshot(self, before: Json | None, after: Json | None) -> None:
        """A snapshot itself, and its source PVC, which it may protect."""
        obj = after or before
        assert obj is not None
        if after and (before is None or not only_error_changed(before, after)):
            self._snapshots.add(objects.key(after))
        name = claim_name(obj)
        if name:
            self._claims.add(objects.join(objects.namespace(obj), name))

    def content(self, before: Json | None, after: Json | None) -> None:
        """A content itself; its snapshot too if the content came, went, or says something new."""
        obj = after or before
        assert obj is not None
        if after:
            self._contents.add(objects.key(after))
        if before is None or after is None or before.get("status") != after.get("status"):
            self._snapshots.add(snapshot_key(obj))

    def claim(self, before: Json | None, after: Json | None) -> None:
        """The snapshot it is restored from, whose deletion may wait (FIN-007); snapshots that wait to be cut."""
        if after:
            self._claims.add(objects.key(after))
        if before and after and before.get("status") != after.get("status"):
            for snapshot in self._cluster.snapshots_of_claim(objects.key(after)):
                if not ready(snapshot):
                    self._snapshots.add(objects.key(snapshot))
        source = restores_from(before) if before else None
        if source and (after is None or restores_from(after) is None):
            self._snapshots.add(source)


def only_error_changed(before: Json, after: Json) -> bool:
    """The change is an error that we reported: it must not bring the next attempt before its time (ERR-006)."""

    def rest(snapshot: Json) -> Json:
        meta = {
            key: snapshot["metadata"].get(key)
            for key in ("annotations", "labels", "finalizers", "deletionTimestamp")
        }
        status = {key: value for key, value in (snapshot.get("status") or {}).items() if key != "error"}
        return {**meta, "spec": snapshot["spec"], "status": {**status, "readyToUse": ready(snapshot)}}

    return rest(before) == rest(after) and before.get("status") != after.get("status")


def run(process: Process, args: options.Arguments) -> int:
    def cached(kind: kinds.Kind) -> Collection:
        return process.collection(Collection(process.client, kind))

    cluster = Cluster(
        snapshots=cached(kinds.SNAPSHOT),
        contents=cached(kinds.SNAPSHOT_CONTENT),
        classes=cached(kinds.SNAPSHOT_CLASS),
        claims=cached(kinds.PVC),
        volumes=cached(kinds.PV),
        events=process.recorder(ROLE),
        nodes=cached(kinds.NODE) if args.enable_distributed_snapshotting else None,
    )
    controller = Controller(cluster)
    activate(ROLE, args.fault, controller)

    def loop(name: str, sync: options.Sync) -> Loop:
        return process.loop(Loop(name, sync, options.backoff(args), args.worker_threads))

    triggers = Triggers(
        cluster,
        snapshots=loop("snapshots", lambda key: controller.snapshots.sync(key)),
        contents=loop("contents", lambda key: controller.contents.sync(key)),
        claims=loop("claims", lambda key: finalizers.release_claim(cluster, key)),
    )
    if args.http_endpoint:
        operations = Operations(cluster)
        cluster.snapshots.on_change(operations.changed)
        scraping.serve(args.http_endpoint, args.metrics_path, operations.text)
    cluster.snapshots.on_change(triggers.snapshot)
    cluster.contents.on_change(triggers.content)
    cluster.claims.on_change(triggers.claim)
    return process.run(lambda: LEASE, sync_limit=args.retry_crd_interval_max)


def main(argv: list[str]) -> int:
    """Run the role until SIGTERM."""
    parser = options.parser(ROLE, __doc__ or "")
    parser.add_argument(
        "--retry-crd-interval-max",
        type=options.duration,
        default=30.0,
        help="give up if the snapshot CRDs are not there by then (HA-004)",
    )
    parser.add_argument(
        "--enable-distributed-snapshotting",
        action="store_true",
        help="label contents with the node whose sidecar is to make the snapshot (DIST-001)",
    )
    parser.add_argument(
        "--http-endpoint", type=scraping.endpoint, metavar="HOST:PORT", help="where metrics are served"
    )
    parser.add_argument("--metrics-path", default="/metrics", metavar="PATH", help="the page of the metrics")
    args = parser.parse_args(argv)
    return start_role(ROLE, args, lambda process: run(process, args))
