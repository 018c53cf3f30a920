"""Takes the distribution over from xdist, in the process that the user started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_csi_snapshot.collection import id_prefix
from pytest_csi_snapshot.prices import price_list
from pytest_csi_snapshot.reporting.progress.standings import read_alone
from pytest_csi_snapshot.scheduling.estimates import estimates
from pytest_csi_snapshot.scheduling.scheduler import Knowledge, LongestFirst
from pytest_csi_snapshot.scheduling.usual import Usual, place_of
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import Settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


class Distribution:
    """``folder`` is where workers publish what they have collected; None without workers."""

    def __init__(self, config: pytest.Config, settings: Settings, usual: Usual, folder: Path | None) -> None:
        self._config = config
        self._settings = settings
        self._usual = usual
        self._folder = folder

    def pytest_sessionstart(self) -> None:
        """There is a cluster now: remember what is known of it."""
        self._usual.recall(place_of(self._settings, cluster_of(self._config)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LongestFirst | None:
        """Ours for ``--dist=load``, which is what ``-n`` means; whoever asks for another gets that."""
        if config.getvalue("dist") != "load":
            return None
        from xdist.scheduler import LoadScheduling

        return LongestFirst(LoadScheduling(config, log), self._know)

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Say what could not be remembered: the next run is slower, nothing else."""
        if self._usual.trouble:
            line = f"csi-snapshot: how long tests take is not remembered: {self._usual.trouble}"
            terminalreporter.write_line(line, yellow=True)

    def _know(self, tests: Sequence[str]) -> Knowledge:
        alone = read_alone(self._folder) if self._folder else frozenset()
        return Knowledge(estimates(tests, self._usual.seconds, price_list()), source_of, alone)


def source_of(test: str) -> str:
    """The file whose tests share what it has prepared; "" for a packaged file that is known to prepare nothing.

    Somebody's own file may prepare something.
    """
    file = test.partition("::")[0]
    inside = file.removeprefix(id_prefix() + "/")
    return "" if inside != file and inside not in price_list().shared else file
