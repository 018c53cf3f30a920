"""The cluster of a run: made once, by the process the user started, and handed to xdist workers as plain data.

Nothing is left behind by a crash of a worker, by Ctrl-C or by SIGTERM, and a start that fails is one message.
Knows providers by name only.
"""

from __future__ import annotations

import importlib
import os
import secrets
import signal
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest

from pytest_csi_snapshot.bounds import Bounds, bounds_of
from pytest_csi_snapshot.clock import since_command
from pytest_csi_snapshot.cluster import Cluster, Provider
from pytest_csi_snapshot.errors import RunError, UsageTrouble
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.settings import Settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from pytest_csi_snapshot.guest import Guest

PROVIDER = "pytest_csi_snapshot.fixtures.providers:provider_for"
"""Reached by name: the library does not import fixtures. A callable from Settings to a Provider."""

VISIT = "pytest_csi_snapshot.doctor.visit:visit"
"""Looks at somebody's cluster before the first test. A callable from a Cluster, Settings and a writer of lines to
the Cluster that says what hinders whom."""

CLUSTER = pytest.StashKey[Cluster]()
_HANDED = "csi_cluster"
_TURNS = "csi_turns"
_REDACTION = "csi_redaction"


class ClusterOwner:
    """Makes the cluster before any worker starts, and deletes it after the last one has ended."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._provider: Provider | None = None
        self._session: pytest.Session | None = None
        self._before: dict[int, Any] = {}
        self._guest: Guest | None = None
        self._interrupts = 0
        handle, name = tempfile.mkstemp(prefix="csi-turns-")
        os.close(handle)
        self._turns = Path(name)
        shares_beside(self._turns).touch()
        self._run = ""
        """The name of the run in a cluster that outlives it."""
        self.up_after = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Make the cluster; xdist starts its workers after this."""
        self._session = session
        # What CI systems send: as good as Ctrl-C, so that the way out is the same.
        self._before[signal.SIGTERM] = signal.signal(signal.SIGTERM, signal.default_int_handler)
        self._before[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupted)
        try:
            self._provider = _provider_for(self._settings)
            cluster = self._provider.create(self.tell)
            if self._settings.csi_endpoint and not cluster.endpoint:
                from pytest_csi_snapshot.csi.provider import add_socket

                cluster = add_socket(cluster, self._settings, self.tell)
            cluster = replace(cluster, shared=self._is_shared(cluster), bounds=self._bounds(cluster))
            cluster = self._looked_at(cluster)
            self._config.stash[CLUSTER] = cluster
            self._appear(cluster)
        except UsageTrouble as trouble:
            raise pytest.UsageError(str(trouble)) from None
        except RunError as trouble:
            self._give_up(trouble)
        self.up_after = since_command()
        self.tell(f"{cluster.driver} serves")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the cluster to an xdist worker, also to the replacement of one that crashed."""
        node.workerinput[_HANDED] = self._config.stash[CLUSTER].as_plain()
        node.workerinput[_REDACTION] = REDACTOR.key
        node.workerinput[_TURNS] = str(self._turns)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Delete the cluster, whatever ended the run; first, because what others do here may fail."""
        try:
            self._delete()
        finally:
            self._turns.unlink(missing_ok=True)
            shares_beside(self._turns).unlink(missing_ok=True)
            for number, handler in self._before.items():
                signal.signal(number, handler)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Take a second Ctrl-C, while tests and workers clean up, as the wish to be gone."""
        try:
            return (yield)
        except KeyboardInterrupt:
            self._interrupts = max(2, self._interrupts)
            self._end_in_trouble(pytest.ExitCode.INTERRUPTED)
            return None

    def _looked_at(self, cluster: Cluster) -> Cluster:
        """Somebody's cluster lacks what it lacks; of one of our own only ``--csi-doctor`` asks."""
        if cluster.provider != "existing" and not self._settings.csi_doctor:
            return cluster
        brief = self._config.get_verbosity() < 0
        seen: Cluster = _named(VISIT)(cluster, self._settings, self._write, brief=brief)
        return seen

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

    def _is_shared(self, cluster: Cluster) -> bool:
        stays = cluster.kubeconfig and (self._settings.csi_keep or self._settings.csi_reuse)
        return cluster.provider == "existing" or bool(stays)

    def _appear(self, cluster: Cluster) -> None:
        """Where the cluster outlives the run, say in it that the run is there. Raises EnvironmentTrouble."""
        if not cluster.shared:
            return
        from pytest_csi_snapshot.guest import Guest

        self._run = self.name_run()
        self._guest = Guest(cluster, self._run, self.tell, self._warn)
        self._guest.arrive()

    def name_run(self) -> str:
        """The name of the run, which workers go by; the same at every call."""
        option = self._config.option
        if getattr(option, "dist", "no") == "no":
            from pytest_csi_snapshot.station import this_worker

            return this_worker().run
        option.testrunuid = option.testrunuid or uuid.uuid4().hex  # xdist makes one up later, if there is none
        return run_id(option.testrunuid)

    def _delete(self) -> None:
        provider, self._provider = self._provider, None
        if provider is None:
            return
        kept = self._settings.csi_keep and CLUSTER in self._config.stash
        with _terminations_ignored():
            try:
                self._take_leave()
                if not kept:
                    provider.delete(self.tell)
            except RunError as trouble:
                self._warn(f"the cluster was not deleted: {trouble}")
                self._end_in_trouble(trouble.exit_code)
        if kept:
            self._say_kept(self._config.stash[CLUSTER])

    def _take_leave(self) -> None:
        """Leave somebody's cluster as it was; a second Ctrl-C stops that."""
        guest, self._guest = self._guest, None
        if guest is None:
            return
        keep = self._settings.csi_keep and self._config.stash[CLUSTER].provider == "existing"
        try:
            if self._interrupts < 2:
                if not guest.leave(keep=keep):
                    self._end_in_trouble(RunError.exit_code)
                return
        except KeyboardInterrupt:
            self._end_in_trouble(pytest.ExitCode.INTERRUPTED)
        self._warn(f"the clean-up was stopped; a minute from now the rest can be removed: {guest.sweep_command()}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Leave of the traceback what pytest can show: where CPython knows no line, pytest fails in trying.

        So it is where a signal comes between two steps of a ``with``; the run would end as if it had passed.
        """
        known = [line is not None for _, line in walk_tb(excinfo.tb)]
        if not all(known) and any(known):
            last = len(known) - 1 - known[::-1].index(True)
            excinfo.traceback = excinfo.traceback[last : last + 1]

    def _interrupted(self, _number: int, _frame: object) -> None:
        self._interrupts += 1
        raise KeyboardInterrupt

    def _end_in_trouble(self, exit_code: int) -> None:
        if self._session and not self._session.exitstatus:
            self._session.exitstatus = exit_code
            self._warn(f"exit code {int(exit_code)}, whatever was judged")

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
        what, run = "pods -A", self._run
        if cluster.provider == "existing":
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
                reporter.write_line(REDACTOR.clean(line), **markup)
                reporter.flush()


def run_id(unique: str) -> str:
    """The name of a run in labels, from the one that xdist gives it."""
    return unique[:8]


def cluster_of(config: pytest.Config) -> Cluster | None:
    """The cluster of this run, in the controller as in a worker; None where the run has none."""
    handed = getattr(config, "workerinput", {}).get(_HANDED)
    return Cluster.from_plain(handed) if handed else config.stash.get(CLUSTER, None)


def redaction_key(config: pytest.Config) -> str:
    """What names are made unrecognisable with: one for all processes of a run."""
    handed = getattr(config, "workerinput", {}).get(_REDACTION)
    return str(handed or secrets.token_hex(16))


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
    provider: Provider = _named(PROVIDER)(settings)
    return provider


def _named(place: str) -> Any:
    """What ``module:name`` stands for."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


@contextmanager
def _terminations_ignored() -> Iterator[None]:
    """A second SIGTERM must not stop the deletion half way; Ctrl-C still does."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        with suppress(TypeError):  # a handler that was not installed from Python cannot be put back
            signal.signal(signal.SIGTERM, before)
