"""The life of a controller process: start, wait for its turn, work, and stop within a second.

Caches are filled while the process still waits for its lease, so that a new leader works at once.
"""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import time
from collections.abc import Callable

from ... import roles
from ..kube.client import KubeClient
from ..kube.collection import Collection
from ..kube.connection import NoClusterError, connect
from ..kube.events import Recorder
from ..kube.leader import Elector, Terms
from .loop import Loop

_GRACE_S = 0.4
"""What a stopping role leaves to work in hand, and to events; together below one second."""

log = logging.getLogger(__name__)


class StartError(Exception):
    """The role cannot work here; the text says why."""


class Process:
    """What the roles have in common. A role registers its collections and loops, and calls ``run``."""

    def __init__(self, role: str, args: argparse.Namespace) -> None:
        """Raises NoClusterError where there is no API server to talk to, ValueError for impossible terms."""
        self._terms = Terms(
            args.leader_election_lease_duration,
            args.leader_election_renew_deadline,
            args.leader_election_retry_period,
        )
        self._connection = connect(args.kubeconfig)
        self._agent = f"{role}/pytest-csi-snapshot-reference"
        self.client = KubeClient(
            self._connection, user_agent=self._agent, qps=args.kube_api_qps, burst=args.kube_api_burst
        )
        self._role = role
        self._args = args
        self._collections: list[Collection] = []
        self._awaited: list[Collection] = []
        self._loops: list[Loop] = []
        self._on_stop: list[Callable[[], None]] = []
        self._recorder: Recorder | None = None
        self._stopping = threading.Event()
        self._elector: Elector | None = None
        self._exit_code = 0

    def collection(self, collection: Collection, *, needed: bool = True) -> Collection:
        """Take a collection into care. Work waits for its first list, unless it is not ``needed`` for all work."""
        self._collections.append(collection)
        if needed:
            self._awaited.append(collection)
        return collection

    def loop(self, loop: Loop) -> Loop:
        """Take a loop into care."""
        self._loops.append(loop)
        return loop

    def recorder(self, component: str) -> Recorder:
        """The recorder of this process; ``component`` is the source of its events."""
        self._recorder = Recorder(self.client, component)
        return self._recorder

    def on_stop(self, action: Callable[[], None]) -> None:
        """Call ``action`` first when the process has to stop."""
        self._on_stop.append(action)

    def run(self, prepare: Callable[[], str], *, sync_limit: float | None = None) -> int:
        """Work until SIGTERM or SIGINT (0), or until work is not possible or no longer ours (1).

        ``prepare`` is called while the caches fill, and returns the name of the lease to hold. With
        ``sync_limit`` the process gives up if a kind cannot be listed for so many seconds.
        """
        roles.end_on_signals(self._stopping)
        for collection in self._collections:
            collection.start()
        threading.Thread(target=self._work, args=(prepare, sync_limit), name="work", daemon=True).start()
        self._stopping.wait()
        self._stop()
        return self._exit_code

    def _candidate(self, lease: str) -> Elector | None:
        args = self._args
        if not args.leader_election:
            return None
        # No renewal waits for the work's turn, and none is answered later than it is of use.
        client = KubeClient(self._connection, user_agent=self._agent, timeout=self._terms.request)
        where, identity = args.leader_election_namespace, args.leader_election_identity
        return Elector(client, where, lease, identity, self._terms)

    def _work(self, prepare: Callable[[], str], sync_limit: float | None) -> None:
        """What has to come before work may block: it has a thread of its own, so no signal is held up."""
        try:
            lease = prepare()
            if sync_limit is not None:
                self._wait_for_kinds(sync_limit)
            self._elector = self._candidate(lease)
            if self._elector:
                if not self._elector.acquire():
                    return
                # From here on, however long the caches take: a lease that is not renewed is somebody else's.
                hold = threading.Thread(
                    target=self._elector.hold, args=(self._give_up,), name="lease", daemon=True
                )
                hold.start()
            self._wait_for_caches()
        except Exception as error:
            if not self._stopping.is_set():
                log.error("%s cannot start: %s", self._role, error, exc_info=not isinstance(error, StartError))
            self._give_up()
            return
        if self._recorder:
            self._recorder.start()
        for loop in self._loops:
            if elector := self._elector:
                loop.entitled = lambda: elector.leads
            loop.start()
        log.info("%s works", self._role)

    def _wait_for_kinds(self, limit: float) -> None:
        """Until the API server has what work needs. Raises StartError if that takes longer than ``limit`` seconds.

        How long it takes to list all objects is another matter: whoever gives up begins anew.
        """
        deadline = time.monotonic() + limit
        for collection in self._awaited:
            if not collection.served.wait(max(0.0, deadline - time.monotonic())):
                raise StartError(f"cannot list {collection.kind.resource} for {limit:g} s")

    def _wait_for_caches(self) -> None:
        for collection in self._awaited:
            collection.synced.wait()

    def _give_up(self) -> None:
        self._exit_code = 1
        self._stopping.set()

    def _stop(self) -> None:
        log.info("%s stops", self._role)
        for action in self._on_stop:
            action()
        self.client.close()
        if self._elector:
            self._elector.stop()
        for loop in self._loops:
            loop.queue.close()
        for loop in self._loops:
            loop.stop(_GRACE_S / len(self._loops))
        if self._recorder:
            self._recorder.stop(_GRACE_S)
        if self._elector:
            self._elector.release()
        for collection in self._collections:
            collection.stop()


def start_role(role: str, args: argparse.Namespace, run: Callable[[Process], int]) -> int:
    """Set up the log, refuse unknown faults, and run a role. The exit code: 2 for wrong options."""
    roles.start_logging(detail="%(threadName)s %(module)s")
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        roles.refuse_unknown(role, args.fault)
        if args.leader_election and getattr(args, "node_deployment", False):
            raise ValueError("--leader-election: each instance of a --node-deployment works, on its own node")
        if getattr(args, "node_deployment", False) and not args.node_name:
            raise ValueError("--node-deployment needs the node's name: set NODE_NAME in the environment")
        if args.leader_election and not args.leader_election_namespace:
            raise ValueError(
                "--leader-election needs --leader-election-namespace (or NAMESPACE in the environment)"
            )
        process = Process(role, args)
    except (ValueError, NoClusterError) as error:
        print(f"{role}: {error}", file=sys.stderr)
        return 2
    try:
        return run(process)
    except StartError as error:
        print(f"{role}: {error}", file=sys.stderr)
        return 1
