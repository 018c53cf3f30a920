"""JUnit files: what they say about the run, as properties of the suite, and where the evidence of a test lies.

All else about a test travels with its report, see ``judging``.
"""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.gating.settling import Settling
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.reporting import summary
from pytest_csi_snapshot.reporting.collector import payload_of
from pytest_csi_snapshot.reporting.places import below_report
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import Settings


class Junit:
    """Tells pytest's own writer of JUnit files, where there is one."""

    def __init__(self, config: pytest.Config, settings: Settings, settling: Settling) -> None:
        self._config = config
        self._settings = settings
        self._settling = settling

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Before the writer takes the properties of a test, those of its teardown."""
        body = payload_of(report) if report.when == "teardown" else None
        if body and (place := below_report(self._settings, body.get("evidence", ""))):
            report.user_properties.append(("csi_evidence", place))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Before the file is written."""
        for writer in self._config.pluginmanager.get_plugins():
            # What the fixture record_testsuite_property calls; a fixture cannot know the verdict.
            if hasattr(writer, "add_global_property"):
                for name, value in self._properties():
                    writer.add_global_property(name, REDACTOR.clean(value))

    def _properties(self) -> list[tuple[str, str]]:
        cluster, judgement = cluster_of(self._config), self._settling.judgement()
        verdict = self._settling.verdict()
        told = [
            ("csi_driver", cluster.driver if cluster else self._settings.driver_name),
            ("csi_cluster", cluster.provider if cluster else ""),
            ("csi_versions", cluster.versions if cluster else ""),
            ("csi_result", str(verdict.result)),
            ("csi_sentence", summary.result_in_words(verdict, waived=len(judgement.waived))),
            ("csi_gate", str(judgement.gate)),
            ("csi_exit_code", str(judgement.exit_code)),
            *(("csi_reason", reason) for reason in judgement.reasons),
            *(("csi_waiver", f"{use.state}: {use.told}") for use in judgement.waivers),
        ]
        return [(name, value) for name, value in told if value]
