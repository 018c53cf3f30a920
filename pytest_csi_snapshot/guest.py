"""A run in a cluster that outlives it: how it arrives, and how it leaves the cluster as it was.

Speaks for all processes of the run, from the one that the user started. While a run is there it holds a Lease, see
``presence``; at its end what dead or interrupted workers have left is removed, and what was changed of others'
objects is put back.
"""

from __future__ import annotations

import shlex

from kubernetes.config import ConfigException

from pytest_csi_snapshot import ledger_file, leftovers
from pytest_csi_snapshot.cluster import Cluster, Progress
from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.exclusive import TakenError
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.presence import Presence, home_of, speaker

_TROUBLES = (ApiError, ApiUnreachableError, ConfigException)


class Guest:
    """One run at one cluster. ``tell`` takes steps, ``warn`` what somebody should look into."""

    def __init__(self, cluster: Cluster, run: str, tell: Progress, warn: Progress) -> None:
        self._cluster = cluster
        self.run = run
        self._tell = tell
        self._warn = warn
        self._client = KubeClient.from_kubeconfig(cluster.kubeconfig or None, cluster.context or None)
        self._presence = Presence(self._client, run, tell, self._lost)

    def arrive(self) -> None:
        """Begin the ledger and hold the Lease. Raises EnvironmentTrouble."""
        try:
            self._presence.begin()
        except (ApiError, ApiUnreachableError) as error:
            raise EnvironmentTrouble(
                "the run cannot hold a Lease in the cluster",
                why=str(error),
                do="see the rights it needs: docs/safety.md",
            ) from error
        except TakenError as error:
            raise EnvironmentTrouble(
                "the cluster is another run's", why=str(error), do="begin again when that is over"
            ) from error
        except OSError as error:
            raise EnvironmentTrouble(
                "no ledger can be written", why=str(error), do="set XDG_STATE_HOME"
            ) from error

    def leave(self, *, keep: bool) -> bool:
        """Put back and remove; with ``keep`` only what was changed of others' objects is undone.

        Whether all went well; what did not is told.
        """
        try:
            left = self._undo(keep=keep)
        except _TROUBLES as error:
            left = [f"unknown: {error}"]
        if left:
            self._warn(f"left in the cluster: {', '.join(left)}; look for all of it with: kubectl get namespaces,"
                       "volumesnapshotcontents,volumesnapshotclasses,storageclasses "
                       f"-l {leftovers.selector(self.run)}; remove it with: {self.sweep_command()}")  # fmt: skip
        elif not keep:
            ledger_file.end(self.run)
        return not left

    def sweep_command(self) -> str:
        """What the user types to remove what is left, once the Lease has expired."""
        named = {"--csi-kubeconfig": self._cluster.kubeconfig, "--csi-context": self._cluster.context}
        words = [f"{option}={value}" for option, value in named.items() if value]
        return shlex.join(["pytest", "--csi-sweep=delete", *words])

    def _undo(self, *, keep: bool) -> list[str]:
        api = speaker(self._client, self.run)
        for name in leftovers.put_back_defaults(api):
            self._tell(f"VolumeSnapshotClass {name} is a default class again")
        if keep:
            self._presence.end()
            return []
        found = [each for each in leftovers.left_behind(api) if each[1]["metadata"]["name"] != home_of(self.run)]
        staying = [body for _, body in found if "deletionTimestamp" not in body["metadata"]]
        if found:
            what = f"removing {len(staying)} that tests left behind" if staying else "all are on their way out"
            self._tell(f"{len(found)} objects of this run are in the cluster, {what}")
        # The Lease outlasts what has to be removed: nobody else is to begin with it. What only has to end does so
        # beside the namespace of the Lease, for which Kubernetes takes 5 s.
        left = [] if leftovers.leaving(found) else leftovers.remove(api, but=home_of(self.run))
        self._presence.end()
        return left or leftovers.remove(api)

    def _lost(self, why: str) -> None:
        self._warn(f"{why}; another run may now sweep what this one has made")
