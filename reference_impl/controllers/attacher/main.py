"""Role ``csi-attacher``: wires caches, queues and the driver together."""

from __future__ import annotations

from ...roles import activate
from ..attached import of_volume, to_node, volume_name
from ..csi.sidecar import meet
from ..kube import kinds, objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.leader import lease_name
from ..work import options
from ..work.loop import Loop
from ..work.process import Process, start_role
from .attachments import Attachments

ROLE = "csi-attacher"


class Attacher:
    """The running role; faults wrap methods of ``attachments``."""

    def __init__(self, process: Process, args: options.Arguments) -> None:
        self._process = process
        self._args = args
        self._all = process.collection(Collection(process.client, kinds.VOLUME_ATTACHMENT))
        self._volumes = process.collection(Collection(process.client, kinds.PV))
        self._nodes = process.collection(Collection(process.client, kinds.CSI_NODE))

        def queue(name: str, sync: options.Sync) -> Loop:
            return process.loop(Loop(name, sync, options.backoff(args), args.worker_threads))

        self._attach_queue = queue("attachments", lambda key: self.attachments.sync(key)).queue
        self._volume_queue = queue("volumes", lambda key: self.attachments.sync_volume(key)).queue
        self._all.on_change(self._attachment_changed)
        self._volumes.on_change(self._volume_changed)
        self._nodes.on_change(self._node_changed)

    def prepare(self) -> str:
        """Meet the driver; the name of the lease. Raises StartError."""
        peer = meet(self._process, self._args)
        self.attachments = Attachments(peer, self._all, self._volumes, self._nodes)
        activate(ROLE, self._args.fault, self.attachments)
        return f"external-attacher-leader-{lease_name(peer.name)}"

    def _attachment_changed(self, before: Json | None, after: Json | None) -> None:
        if after and (before is None or _asks_more(before, after)):
            self._attach_queue.add(objects.key(after))
        elif before and after is None and (name := volume_name(before)):
            self._volume_queue.add(name)

    def _volume_changed(self, before: Json | None, after: Json | None) -> None:
        if after and objects.deleting(after):
            self._volume_queue.add(objects.key(after))
        if after and before is None:
            self._retry(self._all.by(of_volume, objects.name(after)))

    def _node_changed(self, _before: Json | None, after: Json | None) -> None:
        """A driver that has just registered on a node: what waited for it can go on."""
        if after:
            self._retry(self._all.by(to_node, objects.name(after)))

    def _retry(self, attachments: list[Json]) -> None:
        for attachment in attachments:
            if objects.deleting(attachment) or not (attachment.get("status") or {}).get("attached"):
                self._attach_queue.add(objects.key(attachment))


def _asks_more(before: Json, after: Json) -> bool:
    """Not merely an error that we wrote ourselves."""

    def rest(attachment: Json) -> Json:
        meta = {key: attachment["metadata"].get(key) for key in ("annotations", "finalizers", "deletionTimestamp")}
        return {**meta, "spec": attachment["spec"], "attached": (attachment.get("status") or {}).get("attached")}

    return rest(before) != rest(after)


def main(argv: list[str]) -> int:
    """Run the role until SIGTERM."""
    parser = options.parser(ROLE, __doc__ or "")
    options.csi(parser, timeout=15.0)
    args = parser.parse_args(argv)
    return start_role(ROLE, args, lambda process: process.run(Attacher(process, args).prepare))
