"""The cluster of a run: made once, by the process the user started, and handed to xdist workers as plain data.

Nothing is left behind by a crash of a worker, by Ctrl-C or by SIGTERM, and a start that fails is one message.
Knows providers by name only.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_csi_snapshot.bounds import Bounds, bounds_of
from pytest_csi_snapshot.clock import since_command
from pytest_csi_snapshot.cluster import Cluster, Provider
from pytest_csi_snapshot.errors import RunError, UsageTrouble
from pytest_csi_snapshot.settings import Settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

PROVIDER = "pytest_csi_snapshot.fixtures.providers:provider_for"
"""Reached by name: the library does not import fixtures. A callable from Settings to a Provider."""

CLUSTER = pytest.StashKey[Cluster]()
_HANDED = "csi_cluster"
_TURNS = "csi_turns"


class ClusterOwner:
    """Makes the cluster before any worker starts, and deletes it after the last one has ended."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._provider: Provider | None = None
        self._session: pytest.Session | None = None
        self._before: Any = None
        handle, name = tempfile.mkstemp(prefix="csi-turns-")
        os.close(handle)
        self._turns = Path(name)
        shares_beside(self._turns).touch()
        self._run = ""
        self.up_after = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Make the cluster; xdist starts its workers after this."""
        self._session = session
        # What CI systems send: as good as Ctrl-C, so that the way out is the same.
        self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._provider = _provider_for(self._settings)
            cluster = self._provider.create(self.tell)
            if self._settings.csi_endpoint and not cluster.endpoint:
                from pytest_csi_snapshot.csi.provider import add_socket

                cluster = add_socket(cluster, self._settings, self.tell)
        except UsageTrouble as trouble:
            raise pytest.UsageError(str(trouble)) from None
        except RunError as trouble:
            self._give_up(trouble)
        self._config.stash[CLUSTER] = cluster = replace(cluster, bounds=self._bounds(cluster))
        self.up_after = since_command()
        self.tell(f"{cluster.driver} serves")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the cluster to an xdist worker, also to the replacement of one that crashed."""
        node.workerinput[_HANDED] = self._config.stash[CLUSTER].as_plain()
        node.workerinput[_TURNS] = str(self._turns)
        self._run = run_id(node.workerinput["testrunuid"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Delete the cluster, whatever ended the run; first, because what others do here may fail."""
        try:
            self._delete()
        finally:
            self._turns.unlink(missing_ok=True)
            shares_beside(self._turns).unlink(missing_ok=True)
            if self._before is not None:
                signal.signal(signal.SIGTERM, self._before)

    def _bounds(self, cluster: Cluster) -> Bounds:
        """What the user and the profile say, with what the provider has found out where they say nothing."""
        told, found = bounds_of(self._settings, cluster.provider), cluster.bounds
        return replace(
            told,
            sizes=told.sizes if told.sizes.least else replace(told.sizes, least=found.sizes.least),
            volumes=told.volumes or found.volumes,
        )

    def tell(self, step: str) -> None:
        """Print how far the start is, at once; silent with -q."""
        if self._config.get_verbosity() >= 0:
            self._write(f"csi-snapshot {since_command():6.1f} s  {step}")

    def _delete(self) -> None:
        provider, self._provider = self._provider, None
        if provider is None:
            return
        if self._settings.csi_keep and CLUSTER in self._config.stash:
            self._sweep(keep=True)
            self._say_kept(self._config.stash[CLUSTER])
            return
        with _terminations_ignored():
            try:
                self._sweep()
                provider.delete(self.tell)
            except RunError as trouble:
                self._warn(f"the cluster was not deleted: {trouble}")
                self._end_in_trouble(trouble.exit_code)

    def _sweep(self, *, keep: bool = False) -> None:
        """Remove from somebody's cluster what dead or interrupted workers have left there, and say it.

        With ``keep`` only what they changed of others' objects is undone.
        """
        cluster, run = self._config.stash.get(CLUSTER, None), self._run or _run_of_this_process()
        if cluster is None or cluster.provider != "existing" or not run:
            return
        from kubernetes.config import ConfigException

        from pytest_csi_snapshot import leftovers
        from pytest_csi_snapshot.kube.client import KubeClient
        from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

        try:
            client = KubeClient.from_kubeconfig(cluster.kubeconfig or None, cluster.context or None)
            for name in leftovers.put_back_defaults(client, run):
                self.tell(f"VolumeSnapshotClass {name} is a default class again")
            found = [] if keep else leftovers.left_behind(client, run)
            staying = [body for _, body in found if "deletionTimestamp" not in body["metadata"]]
            if found:
                what = f"removing {len(staying)} that tests left behind" if staying else "all are on their way out"
                self.tell(f"{len(found)} objects of this run are in the cluster, {what}")
            left = leftovers.remove(client, run) if found else []
        except (ApiError, ApiUnreachableError, ConfigException) as error:
            left = [f"unknown: {error}"]
        if left:
            self._warn(f"left in the cluster: {', '.join(left)}; look for all of it with: kubectl get namespaces,"
                       "volumesnapshotcontents,volumesnapshotclasses,storageclasses "
                       f"-l {leftovers.selector(run)}")  # fmt: skip
            self._end_in_trouble(RunError.exit_code)

    def _end_in_trouble(self, exit_code: int) -> None:
        if self._session and not self._session.exitstatus:
            self._session.exitstatus = exit_code

    def _give_up(self, trouble: RunError) -> None:
        """End the run with the one line of the trouble."""
        # The reporter would repeat the line between exclamation marks.
        manager = self._config.pluginmanager
        reporter = manager.get_plugin("terminalreporter")
        if reporter:
            manager.unregister(reporter)
        pytest.exit(str(trouble), returncode=trouble.exit_code)

    def _say_kept(self, cluster: Cluster) -> None:
        where = f"KUBECONFIG={cluster.kubeconfig} " if cluster.kubeconfig else ""
        what, run = "pods -A", self._run or _run_of_this_process()
        if cluster.provider == "existing" and run:
            from pytest_csi_snapshot.labels import RUN

            what = f"namespaces,volumesnapshotcontents,volumesnapshotclasses,storageclasses -l {RUN}={run}"
        self._warn(f"kept, as asked: {where}kubectl get {what}")

    def _warn(self, line: str) -> None:
        self._write(f"csi-snapshot: {line}", yellow=True)

    def _write(self, line: str, **markup: bool) -> None:
        reporter: TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        # Whoever read the output may be gone (a closed pipe); the cluster must be deleted all the same.
        with suppress(OSError):
            if reporter:
                reporter.write_line(line, **markup)
                reporter.flush()


def run_id(unique: str) -> str:
    """The name of a run in labels, from the one that xdist gives it."""
    return unique[:8]


def _run_of_this_process() -> str:
    """The run that this process has made objects for; "" where it has made none."""
    station = sys.modules.get("pytest_csi_snapshot.station")
    return station.this_worker().run if station else ""


def cluster_of(config: pytest.Config) -> Cluster | None:
    """The cluster of this run, in the controller as in a worker; None where the run has none."""
    handed = getattr(config, "workerinput", {}).get(_HANDED)
    return Cluster.from_plain(handed) if handed else config.stash.get(CLUSTER, None)


def turns_of(config: pytest.Config) -> Path | None:
    """The file that workers take turns on; None outside a worker of a run with a cluster."""
    handed = getattr(config, "workerinput", {}).get(_TURNS)
    return Path(handed) if handed else None


def shares_beside(turns: Path) -> Path:
    """The file of what workers take shares of, given that of their turns."""
    return turns.with_name(f"{turns.name}-shares")


def _provider_for(settings: Settings) -> Provider:
    if settings.csi_endpoint and not settings.csi_driver:
        from pytest_csi_snapshot.csi.provider import EndpointProvider

        return EndpointProvider(settings)
    module, _, function = PROVIDER.partition(":")
    provider: Provider = getattr(importlib.import_module(module), function)(settings)
    return provider


@contextmanager
def _terminations_ignored() -> Iterator[None]:
    """A second SIGTERM must not stop the deletion half way; Ctrl-C still does."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        with suppress(TypeError):  # a handler that was not installed from Python cannot be put back
            signal.signal(signal.SIGTERM, before)
