"""Role ``snapshot-controller``: wires caches, queues and syncs together."""

from __future__ import annotations

from ...roles import activate
from ..kube import kinds
from ..kube.collection import Collection
from ..work import options, scraping
from ..work.loop import Loop
from ..work.process import Process, start_role
from ..work.queue import WorkQueue
from . import finalizers
from .cluster import Cluster
from .contents import GROUP_COMPLAINT, SINGLE_COMPLAINT, Contents
from .groups.snapshots import GroupSnapshots
from .metrics import Operations
from .snapshots import Snapshots
from .triggers import Queues, Triggers

ROLE = "snapshot-controller"
LEASE = "snapshot-controller-leader"


class Controller:
    """The parts of the running role, each with the objects of one kind; faults wrap their methods."""

    def __init__(self, process: Process, cluster: Cluster) -> None:
        self.process = process
        self.cluster = cluster
        self.operations = Operations(cluster)
        self.snapshots = Snapshots(cluster)
        self.contents = Contents(cluster.singles, SINGLE_COMPLAINT)
        self.groups = GroupSnapshots(cluster)
        self.group_contents = Contents(cluster.groups, GROUP_COMPLAINT)


def run(process: Process, args: options.Arguments) -> int:
    def cached(kind: kinds.Kind, *, optional: bool = False) -> Collection:
        return process.collection(Collection(process.client, kind, optional=optional))

    cluster = Cluster(
        snapshots=cached(kinds.SNAPSHOT),
        contents=cached(kinds.SNAPSHOT_CONTENT),
        classes=cached(kinds.SNAPSHOT_CLASS),
        claims=cached(kinds.PVC),
        volumes=cached(kinds.PV),
        group_snapshots=cached(kinds.GROUP_SNAPSHOT, optional=True),
        group_contents=cached(kinds.GROUP_CONTENT, optional=True),
        group_classes=cached(kinds.GROUP_CLASS, optional=True),
        events=process.recorder(ROLE),
        nodes=cached(kinds.NODE) if args.enable_distributed_snapshotting else None,
    )
    controller = Controller(process, cluster)
    activate(ROLE, args.fault, controller)

    def queue(name: str, sync: options.Sync) -> WorkQueue:
        return process.loop(Loop(name, sync, options.backoff(args), args.worker_threads)).queue

    queues = Queues(
        snapshots=queue("snapshots", lambda key: controller.snapshots.sync(key)),
        contents=queue("contents", lambda key: controller.contents.sync(key)),
        claims=queue("claims", lambda key: finalizers.release_claim(cluster, key)),
        groups=queue("groups", lambda key: controller.groups.sync(key)),
        group_contents=queue("group-contents", lambda key: controller.group_contents.sync(key)),
    )
    if args.http_endpoint:
        cluster.snapshots.on_change(controller.operations.changed)
        scraping.serve(args.http_endpoint, args.metrics_path, controller.operations.text)
    Triggers(cluster, queues).watch()
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
