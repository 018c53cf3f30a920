"""Role ``csi-resizer``: wires caches, the queue of claims and the driver together."""

from __future__ import annotations

from ..csi.sidecar import meet
from ..kube import kinds, objects
from ..kube.client import Json
from ..kube.collection import Collection
from ..kube.leader import lease_name
from ..work import options
from ..work.loop import Loop
from ..work.process import Process, activate, start_role
from .claims import Claims, relevant
from .expansion import Expansion
from .usage import Usage

ROLE = "csi-resizer"


class Resizer:
    """The running role; faults wrap methods of ``claims``."""

    def __init__(self, process: Process, args: options.Arguments) -> None:
        self._process = process
        self._args = args
        self._claims = process.collection(Collection(process.client, kinds.PVC))
        self._volumes = process.collection(Collection(process.client, kinds.PV))
        sync = Loop("claims", lambda key: self.claims.sync(key), options.backoff(args), args.worker_threads)
        self._queue = process.loop(sync).queue
        self._claims.on_change(self._claim_changed)
        self._volumes.on_change(self._volume_changed)

    def prepare(self) -> str:
        """Meet the driver; the name of the lease. Raises StartError."""
        peer = meet(self._process, self._args)
        usage = Usage(self._process.client, self._queue.add)
        self._process.on_stop(usage.stop)
        events = self._process.recorder(f"external-resizer {peer.name}")
        expansion = Expansion(peer, self._process.client)
        slow = self._args.retry_interval_max
        heeds_use = self._args.handle_volume_inuse_error
        self.claims = Claims(expansion, self._claims, self._volumes, usage, events, slow, heeds_use=heeds_use)
        activate(ROLE, self._args.fault, self.claims)
        return f"external-resizer-{lease_name(peer.name)}"

    def _claim_changed(self, before: Json | None, after: Json | None) -> None:
        if after and (before is None or relevant(before, after)):
            self._queue.add(objects.key(after))

    def _volume_changed(self, before: Json | None, after: Json | None) -> None:
        """A volume that came after its claim: at the start the two caches fill independently."""
        owner = (after or {}).get("spec", {}).get("claimRef")
        if before is None and owner:
            self._queue.add(objects.join(owner["namespace"], owner["name"]))


def main(argv: list[str]) -> int:
    """Run the role until SIGTERM."""
    parser = options.parser(ROLE, __doc__ or "")
    options.csi(parser, timeout=10.0)
    parser.add_argument(
        "--handle-volume-inuse-error",
        type=options.boolean,
        default=True,
        metavar="BOOL",
        help="after FAILED_PRECONDITION wait until no pod uses the volume (EXP-023)",
    )
    args = parser.parse_args(argv)
    return start_role(ROLE, args, lambda process: process.run(Resizer(process, args).prepare))
