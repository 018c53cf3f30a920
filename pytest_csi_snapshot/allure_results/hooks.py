"""Ties the results of Allure to the tests: in the process that runs them, and in the one that owns the run."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import allure
import pytest
from allure_commons.model2 import Label, Link, StatusDetails

from pytest_csi_snapshot.allure_results import story
from pytest_csi_snapshot.allure_results.cleaning import before_logger
from pytest_csi_snapshot.allure_results.folder import describe_run
from pytest_csi_snapshot.allure_results.pages import pages
from pytest_csi_snapshot.allure_results.sources import links
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.judging import CLAUSES
from pytest_csi_snapshot.outcomes import ClauseResult
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.reporting.collector import payload_of
from pytest_csi_snapshot.reporting.words import rerun_command
from pytest_csi_snapshot.requirements import Clause, catalogue
from pytest_csi_snapshot.session import cluster_of
from pytest_csi_snapshot.settings import Settings


class AllureTests:
    """In the process that runs tests: labels, ending, steps and attachments of each."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._worker = str(getattr(config, "workerinput", {}).get("workerid", "main"))
        self._item: pytest.Item | None = None
        self._results: list[ClauseResult] = []
        self._standing = ExitStack()
        TAPE.on_step(_step)

    def pytest_sessionstart(self) -> None:
        """allure-pytest is configured now."""
        self._standing.enter_context(before_logger(self._settle))

    def pytest_unconfigure(self) -> None:
        """It is about to take away what it has configured."""
        self._standing.close()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Outermost: its result is written inside."""
        self._item, self._results = item, []
        try:
            return (yield)
        finally:
            self._item = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a phase says about clauses; after the last one, attach the evidence."""
        body = payload_of(report)
        if body is None:
            return
        self._results += [ClauseResult.from_plain(each) for each in body["results"]]
        if report.when == "teardown":
            self._attach(str(body.get("evidence", "")))

    def _attach(self, evidence: str) -> None:
        folder = getattr(self._settings, "report_folder", None)
        if not (folder and evidence):
            return
        for page in pages(json.loads(Path(folder, evidence).read_text("utf-8"))):
            allure.attach(page.text, name=page.name, attachment_type=getattr(allure.attachment_type, page.kind))

    def _settle(self, result: Any) -> None:
        """Say of a result, right before it is written, what the test was about and how it ended."""
        item = self._item
        if item is None or CLAUSES not in item.stash:
            return
        known, cluster = catalogue(), cluster_of(self._config)
        clauses = [known.by_id[clause] for clause in item.stash[CLAUSES]]
        for label in result.labels:
            label.value = {"host": "run", "thread": self._worker}.get(label.name, label.value)
        if clauses:
            result.name, result.description = story.title(item.name), story.description(clauses)
            driver = cluster.driver if cluster else self._settings.driver_name
            result.labels += [Label(*each) for each in _labels(clauses, driver)]
            named = dict(link for clause in clauses for link in links(clause.source))
            result.links += [Link("link", address, name) for name, address in named.items()]
        ended = story.ended(
            self._results,
            known,
            versions=cluster.versions if cluster else "",
            rerun=rerun_command(self._settings, item.nodeid),
        )
        if ended and ended.status != "passed":
            result.status = ended.status
            result.statusDetails = StatusDetails(message=ended.message or None, trace=ended.trace or None)


class AllureFolder:
    """In the process that owns the run: what describes it as a whole."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings

    def pytest_sessionfinish(self) -> None:
        """Write it; a folder that cannot be written to is told, and changes no outcome."""
        try:
            describe_run(Path(self._config.option.allure_report_dir), self._environment())
        except OSError as error:
            reporter = self._config.pluginmanager.get_plugin("terminalreporter")
            if reporter:
                reporter.ensure_newline()
                reporter.write_line(f"csi-snapshot: no environment for Allure: {error}", yellow=True)

    def _environment(self) -> dict[str, str]:
        cluster = cluster_of(self._config)
        return {
            "driver": cluster.driver if cluster else self._settings.driver_name,
            "cluster": cluster.provider if cluster else self._settings.csi_cluster,
            "components": cluster.versions if cluster else "",
            "pytest-csi-snapshot": version("pytest-csi-snapshot"),
            "pytest": pytest.__version__,
        }


def allure_parts(config: pytest.Config, settings: Settings, *, runs_tests: bool) -> list[object]:
    """What this process registers."""
    owns_run = not hasattr(config, "workerinput")
    return [
        *([AllureTests(config, settings)] if runs_tests else []),
        *([AllureFolder(config, settings)] if owns_run else []),
    ]


def _step(verb: str, text: str) -> AbstractContextManager[object]:
    step: AbstractContextManager[object] = allure.step(REDACTOR.clean(text or verb))
    return step


def _labels(clauses: list[Clause], driver: str) -> list[tuple[str, str]]:
    areas = dict.fromkeys(clause.area for clause in clauses)
    return [
        ("epic", driver),
        *(("feature", area) for area in areas),
        *(("story", each) for each in story.stories(clauses)),
        *(("tag", clause.id) for clause in clauses),
        ("severity", story.severity(clauses)),
    ]
