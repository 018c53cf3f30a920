"""``--csi-doctor``: the examination is all there is, no test is collected."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.session import cluster_of


class DoctorOnly:
    """Takes the place of collecting and running tests; the exit code tells whether anything hinders."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect nothing."""
        session.items, session.testscollected = [], 0
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool:
        """Run nothing."""
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """0 where nothing hinders, 3 where a finding does; an interruption stays what it is."""
        cluster = cluster_of(session.config)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and cluster:
            ill = cluster.hindered or cluster.broken
            session.exitstatus = EnvironmentTrouble.exit_code if ill else pytest.ExitCode.OK
