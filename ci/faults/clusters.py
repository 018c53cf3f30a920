"""The clusters that the proof keeps: brought up, cleared of what a fault has left, replaced where that fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.fixtures.companions import servers
from pytest_csi_snapshot.fixtures.companions.instances import COMPANIONS, Instance
from pytest_csi_snapshot.fixtures.companions.joining import objects_of
from pytest_csi_snapshot.fixtures.embedded.installation import placeholders
from pytest_csi_snapshot.fixtures.embedded.kubeconfigs import CONTEXT
from pytest_csi_snapshot.fixtures.embedded.rundir import RunDir, Runs
from pytest_csi_snapshot.fixtures.existing import connect
from pytest_csi_snapshot.fixtures.installing import awaiting
from pytest_csi_snapshot.kube import kinds
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import DOMAIN, MANAGED_BY

from .switching import Switchboard

Json = dict[str, Any]

PATIENCE = 8.0
"""Seconds in which what a faulty role has left goes, once a clean one is in its place."""

CLUSTER_WIDE = (
    kinds.SNAPSHOT_CONTENT,
    kinds.GROUP_CONTENT,
    kinds.PV,
    kinds.VOLUME_ATTACHMENT,
)
"""Kinds of which a cluster without tests has no object."""
_WITHIN = (kinds.SNAPSHOT, kinds.GROUP_SNAPSHOT, kinds.PVC, kinds.POD)
"""Kinds in namespaces of tests that a finalizer or a kubelet may hold."""
_LABELLED = (kinds.NAMESPACE, kinds.STORAGE_CLASS, kinds.SNAPSHOT_CLASS, kinds.GROUP_CLASS)


class RunSwitchboard(Switchboard):
    """Of an embedded cluster, by its run directory: what comes up later reads the faults there."""

    def __init__(self, run: RunDir) -> None:
        self._run = run
        super().__init__(self._about())

    def _about(self) -> Json:
        about: Json = json.loads(self._run.cluster_file.read_text())
        return about

    def _note(self, faults: tuple[str, ...]) -> None:
        self._run.cluster_file.write_text(json.dumps({**self._about(), "faults": list(faults)}))

    def _values(self) -> Mapping[str, str]:
        about = self._about()
        return placeholders(about["cluster"]["driver"], about["profile"])

    def _companions(self) -> list[Json]:
        about, found = self._about(), list[Json]()
        for instance in self._instances():
            values = servers.values(self._run, instance.server)
            found += objects_of(instance, about["cluster"]["driver"], about, values)
        return found

    def _sockets(self) -> Sequence[Path]:
        drivers = [self._about()["cluster"]["driver"]]
        drivers += [each.driver(drivers[0]) for each in self._instances() if each.base]
        roots = sorted(self._run.path.glob("kubelet-*"))
        return [root / "plugins" / driver / "csi.sock" for root in roots for driver in drivers]

    def _instances(self) -> list[Instance]:
        known = {each.instance.name: each.instance for each in COMPANIONS.values()}
        return [known[name] for name in sorted(known) if (self._run.path / f"companion-{name}.serves").exists()]


class Lasting(Protocol):
    """A cluster that outlives what is run in it."""

    def up(self) -> None: ...

    def down(self) -> None: ...


@contextmanager
def kept(cluster: Lasting) -> Iterator[None]:
    """The cluster is up meanwhile, and gone afterwards, whatever happens."""
    try:
        cluster.up()
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # whoever asked once is heard, and may ask again
            signal.signal(number, signal.SIG_IGN)
        cluster.down()


class KeptCluster:
    """One embedded cluster that outlives the runs in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.run = RunDir(Runs.of_user().root / name)
        self.started = 0
        """How often it was brought up."""

    def up(self) -> None:
        """Bring it up, clean. Raises RuntimeError with what the start has told."""
        _command("up", "--name", self.name)
        self.started += 1
        self.board = RunSwitchboard(self.run)

    def down(self) -> None:
        """End it; harmless where it is not there."""
        if self.run.path.exists():
            _command("down", "--name", self.name)

    def replace(self) -> None:
        """Another one in its place, without any trace of what happened in it."""
        self.down()
        self.up()

    @property
    def about(self) -> Cluster:
        """As the file of its run directory tells it."""
        return Cluster.from_plain(json.loads(self.run.cluster_file.read_text())["cluster"])

    def switch(self, faults: tuple[str, ...]) -> None:
        """Have these faults on and no others."""
        self.board.turn_to(faults)

    def cleared(self) -> bool:
        """Whether nothing is left of the tests, once what is left was asked to go and had a little time."""
        client = self._client()
        try:
            if gone_soon(client):
                return True
            self.board.turn_to(())
            for kind, body in residue(client):
                if "deletionTimestamp" not in body["metadata"]:
                    client.delete(kind, None, body["metadata"]["name"])
            deadline = time.monotonic() + PATIENCE
            for kind in (*_LABELLED[:1], *CLUSTER_WIDE):
                awaiting.wait_for(client, awaiting.Awaited(f"end of {kind}", kind, _left(kind)), deadline)
        except (ApiError, ApiUnreachableError, awaiting.NotInTimeError, OSError):
            return False
        return not residue(client)

    def _client(self) -> KubeClient:
        return connect(str(self.run.kubeconfig), CONTEXT)


def name_of(owner: int, number: int) -> str:
    """The name of the cluster of a worker of process ``owner``: two proofs at once do not meet."""
    return f"faults-{owner}-{number}"


def residue(client: KubeClient) -> list[tuple[Kind, Json]]:
    """What tests have left in a cluster of ours."""
    ours = f"{MANAGED_BY}={DOMAIN}"
    found = [(kind, body) for kind in _LABELLED for body in client.list(kind, labelSelector=ours)]
    return found + [(kind, body) for kind in CLUSTER_WIDE for body in client.list(kind)]


def gone_soon(client: KubeClient) -> bool:
    """Whether nothing is left but namespaces that are on their way, with nothing in them that could be in theirs.

    So the next fault takes the place of this one, and no clean role has to come up in between; an empty namespace
    takes Kubernetes five seconds, which nobody has to wait for.
    """
    left = residue(client)
    if any(kind != kinds.NAMESPACE or "deletionTimestamp" not in body["metadata"] for kind, body in left):
        return False
    homes = {body["metadata"]["name"] for _, body in left}
    deadline = time.monotonic() + PATIENCE
    try:
        for kind in _WITHIN:
            awaiting.wait_for(client, awaiting.Awaited(f"end of {kind}", kind, _in(homes)), deadline)
    except awaiting.NotInTimeError:
        return False
    return True


def _in(homes: Collection[str]) -> awaiting.Missing:
    return _named(lambda item: item["metadata"]["namespace"] in homes)


def _left(kind: Kind) -> awaiting.Missing:
    return _named(lambda item: kind in CLUSTER_WIDE or _ours(item))


def _named(among: Callable[[Json], bool]) -> awaiting.Missing:
    def missing(items: Any) -> str:
        return ", ".join(sorted(item["metadata"]["name"] for item in items if among(item)))

    return missing


def _ours(item: Json) -> bool:
    return bool((item["metadata"].get("labels") or {}).get(MANAGED_BY) == DOMAIN)


def _command(*words: str) -> None:
    command = [sys.executable, "-m", "pytest_csi_snapshot.fixtures", *words]
    done = subprocess.run(command, cwd=Path("/"), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
