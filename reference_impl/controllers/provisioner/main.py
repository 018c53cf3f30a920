"""Role ``csi-provisioner``: wires caches, queues and the driver together."""

from __future__ import annotations

import random
import time

from ...roles import activate
from ..attached import volume_name
from ..csi.driver import Rpc
from ..csi.sidecar import meet
from ..kube import kinds, objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.leader import lease_name
from ..work import options
from ..work.loop import Loop
from ..work.process import Process, StartError, start_role
from .claims import CROSS_NAMESPACE, Claims, Settings
from .cluster import Cluster, DataSource, Service, awaited, data_source, pending
from .grants import lender
from .protection import Protection
from .topology import Topology
from .unanswered import Unanswered
from .volumes import Volumes

ROLE = "csi-provisioner"


class Provisioner:
    """The running role; faults wrap methods of ``claims``, ``volumes`` and ``protection``."""

    def __init__(self, process: Process, args: options.Arguments) -> None:
        self._process = process
        self._args = args
        self._crossing = args.feature_gates.get(CROSS_NAMESPACE, False)

        def cached(kind: kinds.Kind) -> Collection:
            return process.collection(Collection(process.client, kind))

        def queue(name: str, sync: options.Sync) -> Loop:
            return process.loop(Loop(name, sync, options.backoff(args), args.worker_threads))

        self.cluster = Cluster(
            client=process.client,
            claims=cached(kinds.PVC),
            volumes=cached(kinds.PV),
            classes=cached(kinds.STORAGE_CLASS),
            # A cluster without the snapshot CRDs has no snapshots: that must not hold up plain volumes.
            snapshots=process.collection(Collection(process.client, kinds.SNAPSHOT), needed=False),
            attachments=cached(kinds.VOLUME_ATTACHMENT),
        )
        self._claims = queue("claims", lambda key: self.claims.sync(key)).queue
        self._volumes = queue("volumes", lambda key: self.volumes.sync(key)).queue
        self._restored = queue("restored", lambda key: self.protection.sweep_snapshot(key)).queue
        self._cloned = queue("cloned", lambda key: self.protection.sweep_claim(key)).queue
        self.cluster.claims.on_change(self._claim_changed)
        self.cluster.volumes.on_change(self._volume_changed)
        self.cluster.snapshots.on_change(self._snapshot_changed)
        self.cluster.attachments.on_change(self._attachment_changed)
        if self._crossing:
            # The grants of a cluster without that CRD are none: plain volumes need not wait for them.
            grants = process.collection(Collection(process.client, kinds.REFERENCE_GRANT), needed=False)
            grants.on_change(self._grant_changed)

    def prepare(self) -> str:
        """Meet the driver; the name of the lease. Raises StartError."""
        peer = meet(self._process, self._args)
        if not peer.abilities.can(Rpc.CREATE_DELETE_VOLUME):
            raise StartError(f"driver {peer.name} lacks the capability CREATE_DELETE_VOLUME")
        args, node = self._args, options.own_node(self._args)
        if node and not peer.abilities.topology:
            raise StartError(f"driver {peer.name} has no topology: --node-deployment is for volumes of one node")
        nodes = topology = None
        if peer.abilities.topology:
            nodes, csi_nodes = self._late(kinds.NODE), self._late(kinds.CSI_NODE)
            topology = Topology(peer.name, nodes, csi_nodes, strict=args.strict_topology or bool(node))
        identity = f"{time.time_ns() // 1_000_000}-{random.randint(1000, 9999)}-{peer.name}"
        service = Service(peer.name, identity, self._process.recorder(f"{peer.name}_{identity}"), node)
        settings = Settings(
            args.volume_name_prefix,
            args.default_fstype,
            args.extra_create_metadata,
            args.retry_interval_max,
            self._crossing,
        )
        unanswered = Unanswered()
        self.protection = Protection(self.cluster, peer.name, unanswered, alone=node is None)
        self.claims = Claims(peer, self.cluster, service, self.protection, unanswered, settings, topology)
        self.volumes = Volumes(peer, self.cluster, service, nodes if node else None)
        activate(ROLE, args.fault, self)
        return lease_name(peer.name)

    def _late(self, kind: kinds.Kind) -> Collection:
        """A collection that is needed for this driver only, as one knows after meeting it."""
        collection = self._process.collection(Collection(self._process.client, kind))
        collection.start()
        return collection

    def _claim_changed(self, before: Json | None, after: Json | None) -> None:
        """The claim; and what waits for it: clones of it, its own source."""
        obj = after or before
        assert obj is not None
        if after:
            self._claims.add(f"{objects.key(after)}/{objects.uid(after)}")
            self._cloned.add(objects.key(after))
        source = data_source(obj)
        if source and (after is None or not pending(after)):
            if source.kind == "PersistentVolumeClaim":
                self._cloned.add(source.key)
            else:
                self._restored.add(source.key)
        if after and (before is None or before.get("status") != after.get("status")):
            self._wake(DataSource("PersistentVolumeClaim", objects.key(after)))

    def _volume_changed(self, _before: Json | None, after: Json | None) -> None:
        if after:
            self._volumes.add(objects.key(after))

    def _snapshot_changed(self, before: Json | None, after: Json | None) -> None:
        """Claims that wait for the snapshot look again as soon as it says something new (RES-007, RES-008)."""
        if after and before is None:
            self._restored.add(objects.key(after))
        if after and (before is None or before.get("status") != after.get("status")):
            self._wake(DataSource("VolumeSnapshot", objects.key(after)))

    def _attachment_changed(self, before: Json | None, after: Json | None) -> None:
        if before and after is None and (name := volume_name(before)):
            self._volumes.add(name)

    def _grant_changed(self, before: Json | None, after: Json | None) -> None:
        """Claims that are to be filled from the grant's namespace look again (RES-024)."""
        grant = after or before
        assert grant is not None
        self._look_again(self.cluster.claims.by(lender, objects.namespace(grant)))

    def _wake(self, source: DataSource) -> None:
        self._look_again(self.cluster.claims.by(awaited, source))

    def _look_again(self, claims: list[Json]) -> None:
        for claim in claims:
            self._claims.add(f"{objects.key(claim)}/{objects.uid(claim)}")


def main(argv: list[str]) -> int:
    """Run the role until SIGTERM."""
    parser = options.parser(ROLE, __doc__ or "")
    options.csi(parser, timeout=10.0)
    parser.add_argument("--volume-name-prefix", default="pvc")
    parser.add_argument("--default-fstype", default="", help="where the StorageClass names none")
    parser.add_argument("--extra-create-metadata", action="store_true", help="tell the driver the objects' names")
    parser.add_argument(
        "--feature-gates",
        type=options.feature_gates,
        default={},
        metavar="NAME=BOOL,...",
        help=f"{CROSS_NAMESPACE} is known; gates of other programs are ignored",
    )
    options.node_deployment(parser)
    parser.add_argument(
        "--strict-topology", action="store_true", help="a volume for a pod must be on the pod's node itself"
    )
    args = parser.parse_args(argv)
    return start_role(ROLE, args, lambda process: process.run(Provisioner(process, args).prepare))
