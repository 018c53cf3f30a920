"""Role ``csi-snapshotter``: wires caches, queues of contents and the driver together."""

from __future__ import annotations

import logging

from ...roles import activate
from .. import markers
from ..csi.driver import GroupRpc, Rpc
from ..csi.sidecar import Peer, meet
from ..forms import GROUP, SINGLE, Form
from ..kube import kinds, objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.events import Recorder
from ..kube.leader import lease_name
from ..work import options
from ..work.loop import Loop
from ..work.process import Process, StartError, start_role
from .contents import Contents
from .groups.contents import GroupContents
from .groups.inputs import GroupInputs
from .inputs import Inputs, Naming
from .relevance import relevant

ROLE = "csi-snapshotter"

log = logging.getLogger(__name__)


class Snapshotter:
    """The running role; faults wrap methods of its parts. Caches fill while ``prepare`` waits for the driver.

    Those of groups come after it: a driver that cannot cut groups has nothing to do with them.
    """

    contents: Contents
    group_contents: GroupContents | None = None
    """None with a driver that cannot cut groups."""

    def __init__(self, process: Process, args: options.Arguments) -> None:
        self.process = process
        self._args = args
        node = options.own_node(args)
        self._managed = f"{markers.MANAGED_BY}={node}" if node else None
        self._contents = self._cached(kinds.SNAPSHOT_CONTENT, labels=self._managed)
        self._classes = self._cached(kinds.SNAPSHOT_CLASS)
        self._serve(SINGLE, self._contents, lambda key: self.contents.sync(key))

    def prepare(self) -> str:
        """Meet the driver; the name of the lease. Raises StartError."""
        peer = meet(self.process, self._args)
        if not peer.abilities.can(Rpc.CREATE_DELETE_SNAPSHOT):
            raise StartError(f"driver {peer.name} lacks the capability CREATE_DELETE_SNAPSHOT")
        args = self._args
        naming = Naming(args.snapshot_name_prefix, args.snapshot_name_uuid_length, args.extra_create_metadata)
        events = self.process.recorder(f"csi-snapshotter {peer.name}")
        self.contents = Contents(peer, self._contents, self._classes, events, Inputs(self._classes, naming))
        if peer.abilities.can_group(GroupRpc.CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT):
            self._prepare_groups(peer, events)
        else:
            log.info("driver %s cannot cut groups of volumes: group snapshots are left alone", peer.name)
        activate(ROLE, args.fault, self)
        return f"external-snapshotter-leader-{lease_name(peer.name)}"

    def _prepare_groups(self, peer: Peer, events: Recorder) -> None:
        args = self._args
        contents = self._cached(kinds.GROUP_CONTENT, labels=self._managed, optional=True)
        classes = self._cached(kinds.GROUP_CLASS, optional=True)
        naming = Naming(
            args.groupsnapshot_name_prefix, args.groupsnapshot_name_uuid_length, args.extra_create_metadata
        )
        groups = GroupContents(peer, contents, classes, events, GroupInputs(classes, naming))
        self.group_contents = groups
        self._serve(GROUP, contents, lambda key: groups.sync(key))
        for collection in (contents, classes):
            collection.start()

    def _cached(self, kind: kinds.Kind, *, labels: str | None = None, optional: bool = False) -> Collection:
        return self.process.collection(Collection(self.process.client, kind, labels=labels, optional=optional))

    def _serve(self, form: Form, contents: Collection, sync: options.Sync) -> None:
        """Look at each content of one sort that somebody else has changed."""
        args = self._args
        queue = self.process.loop(
            Loop(contents.kind.plural, sync, options.backoff(args), args.worker_threads)
        ).queue

        def changed(before: Json | None, after: Json | None) -> None:
            if after and (before is None or relevant(form, before, after)):
                queue.add(objects.key(after))

        contents.on_change(changed)


def main(argv: list[str]) -> int:
    """Run the role until SIGTERM."""
    parser = options.parser(ROLE, __doc__ or "")
    options.csi(parser, timeout=60.0)
    parser.add_argument("--snapshot-name-prefix", default="snapshot")
    parser.add_argument("--snapshot-name-uuid-length", type=int, default=-1)
    parser.add_argument("--groupsnapshot-name-prefix", default="groupsnapshot")
    parser.add_argument("--groupsnapshot-name-uuid-length", type=int, default=-1)
    parser.add_argument("--extra-create-metadata", action="store_true", help="tell the driver the objects' names")
    options.node_deployment(parser)
    args = parser.parse_args(argv)
    return start_role(ROLE, args, lambda process: process.run(Snapshotter(process, args).prepare))
