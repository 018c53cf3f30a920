"""``--csi-doctor``: the examination is all there is, no test is collected."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.session import cluster_of


class DoctorOnly:
    """Takes the place of collecting and running tests; the exit code tells whether anything hinders."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collect nothing; the examination counts as one, so that nobody takes the run for an empty one."""
        session.items, session.testscollected = [], 1
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool:
        """Run nothing."""
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """0 where nothing hinders, 3 where a finding does; an interruption stays what it is."""
        cluster = cluster_of(session.config)
        if exitstatus == pytest.ExitCode.OK and cluster and (cluster.hindered or cluster.broken):
            session.exitstatus = EnvironmentTrouble.exit_code
