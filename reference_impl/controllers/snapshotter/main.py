"""Role ``csi-snapshotter``: wires caches, the queue of contents and the driver together."""

from __future__ import annotations

from .. import markers
from ..csi.driver import Rpc
from ..csi.sidecar import meet
from ..kube import kinds, objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.leader import lease_name
from ..work import options
from ..work.loop import Loop
from ..work.process import Process, StartError, activate, start_role
from .contents import Contents, relevant
from .inputs import Inputs, Naming

ROLE = "csi-snapshotter"


class Snapshotter:
    """The running role. Caches fill while ``prepare`` still waits for the driver."""

    def __init__(self, process: Process, args: options.Arguments) -> None:
        self._process = process
        self._args = args
        node = options.own_node(args)
        managed = f"{markers.MANAGED_BY}={node}" if node else None
        contents = Collection(process.client, kinds.SNAPSHOT_CONTENT, labels=managed)
        self._contents = process.collection(contents)
        self._classes = process.collection(Collection(process.client, kinds.SNAPSHOT_CLASS))
        self._queue = process.loop(Loop("contents", self._sync, options.backoff(args), args.worker_threads)).queue
        self._contents.on_change(self._changed)

    def prepare(self) -> str:
        """Meet the driver; the name of the lease. Raises StartError."""
        peer = meet(self._process, self._args)
        if not peer.abilities.can(Rpc.CREATE_DELETE_SNAPSHOT):
            raise StartError(f"driver {peer.name} lacks the capability CREATE_DELETE_SNAPSHOT")
        args = self._args
        naming = Naming(args.snapshot_name_prefix, args.snapshot_name_uuid_length, args.extra_create_metadata)
        events = self._process.recorder(f"csi-snapshotter {peer.name}")
        self.contents = Contents(peer, self._contents, self._classes, events, Inputs(self._classes, naming))
        activate(ROLE, args.fault, self.contents)
        return f"external-snapshotter-leader-{lease_name(peer.name)}"

    def _sync(self, key: str) -> None:
        self.contents.sync(key)

    def _changed(self, before: Json | None, after: Json | None) -> None:
        if after and (before is None or relevant(before, after)):
            self._queue.add(objects.key(after))


def main(argv: list[str]) -> int:
    """Run the role until SIGTERM."""
    parser = options.parser(ROLE, __doc__ or "")
    options.csi(parser, timeout=60.0)
    parser.add_argument("--snapshot-name-prefix", default="snapshot")
    parser.add_argument("--snapshot-name-uuid-length", type=int, default=-1)
    parser.add_argument("--extra-create-metadata", action="store_true", help="tell the driver the objects' names")
    options.node_deployment(parser)
    args = parser.parse_args(argv)
    return start_role(ROLE, args, lambda process: process.run(Snapshotter(process, args).prepare))
