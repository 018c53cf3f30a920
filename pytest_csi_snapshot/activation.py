"""Turns a pytest run into a run of ours: settings, suites, and the parts that hook into it.

Imported only when the command line asks for it; see ``options.starts_run``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from pytest_csi_snapshot.collection import (
    RPC,
    STRESS,
    WALKTHROUGH,
    SuiteCollector,
    names_folder,
    names_suites,
    point_at_suites,
    suites_folder,
)
from pytest_csi_snapshot.companions import COMPANION_MARK, unknown_companions
from pytest_csi_snapshot.errors import RunError, UsageTrouble
from pytest_csi_snapshot.evidence.keeper import EvidenceKeeper
from pytest_csi_snapshot.evidence.telling import Losses
from pytest_csi_snapshot.gating.settling import LastWord, Settling
from pytest_csi_snapshot.gating.terms import terms_of
from pytest_csi_snapshot.judging import Judging
from pytest_csi_snapshot.options import STARTERS
from pytest_csi_snapshot.plan import Plan
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.report.composing import Composer
from pytest_csi_snapshot.report.hearing import Hearing
from pytest_csi_snapshot.report.keeper import Keeper
from pytest_csi_snapshot.report.partial import asked_for
from pytest_csi_snapshot.report.rerun import Hand
from pytest_csi_snapshot.report.writing import prepare
from pytest_csi_snapshot.reporting.clean import Clean
from pytest_csi_snapshot.reporting.collector import Collector
from pytest_csi_snapshot.reporting.junit import Junit
from pytest_csi_snapshot.reporting.progress.hooks import Progress
from pytest_csi_snapshot.reporting.progress.standings import standings_of
from pytest_csi_snapshot.reporting.terminal import Aside, Header, Section
from pytest_csi_snapshot.scheduling.hooks import Distribution
from pytest_csi_snapshot.scheduling.usual import Usual, usual_path
from pytest_csi_snapshot.scheduling.workers import recommended_for
from pytest_csi_snapshot.scope import out_of_reach, scope_of
from pytest_csi_snapshot.selection import Selection, marks_in_files, unknown_clauses
from pytest_csi_snapshot.session import ClusterOwner, redaction_key, shares_beside, turns_of
from pytest_csi_snapshot.settings import SETTINGS, Settings, read_settings
from pytest_csi_snapshot.shares import Shares
from pytest_csi_snapshot.turns import Turns
from pytest_csi_snapshot.walkthrough import Story, one_after_the_other

SWEEP = "pytest_csi_snapshot.fixtures.sweeping:sweep"
"""Reached by name: the library does not import fixtures. From settings and a way to tell to an exit code."""

NOTHING_TO_RUN = 5
"""Exit code of a run that has nothing to judge."""

_ONLY_ASKS = ("help", "version", "markers")
_NO_TESTS = ("collectonly", "showfixtures", "show_fixtures_per_test", "setupplan", "cacheshow")


def activate(config: pytest.Config) -> None:
    """Read the settings and register what a run of ours needs. Raises pytest.UsageError with one line."""
    if _any_set(config, _ONLY_ASKS):
        return
    try:
        if not _any_set(config, STARTERS) and not names_suites(config):
            return
        named = tuple(config.args) if config.args_source is pytest.Config.ArgsSource.ARGS else ()
        if names_folder(config, WALKTHROUGH):
            config.option.csi_walkthrough = True
        settings = read_settings(config)
        if settings.csi_walkthrough:
            _tell_story(config, settings)
            return
        if settings.csi_doctor:
            _call_doctor(config, settings)
            return
        if why := out_of_reach(settings):
            raise pytest.UsageError(why)
        if names_folder(config, STRESS) and not settings.csi_stress:
            raise pytest.UsageError("the stress suites make as many objects as you say: add --csi-stress=N")
        point_at_suites(config, STRESS if settings.csi_stress else RPC if settings.at_socket_only else "")
        complaint = unknown_clauses(marks_in_files(config.args))
        complaint = complaint or unknown_companions(marks_in_files(config.args, COMPANION_MARK))
        if complaint:
            raise pytest.UsageError(complaint)
        _register(config, settings, named=named)
    except UsageTrouble as trouble:
        raise pytest.UsageError(str(trouble)) from None


def sweep(config: pytest.Config) -> int:
    """Sweep the cluster of the settings; the exit code. Raises pytest.UsageError with one line."""
    import importlib

    settings = read_settings(config)
    module, _, function = SWEEP.partition(":")
    try:
        code: int = getattr(importlib.import_module(module), function)(
            settings, lambda line: print(line, flush=True), delete=settings.csi_sweep == "delete"
        )
    except UsageTrouble as trouble:
        raise pytest.UsageError(str(trouble)) from None
    except RunError as trouble:
        print(f"csi-snapshot: {trouble}", file=sys.stderr)
        return trouble.exit_code
    return code


def workers_before(config: pytest.Config) -> int | None:
    """How many workers ``-n auto`` means, before there is a cluster; None: what xdist makes of it.

    So it is where somebody has said it in xdist's own variable. Wrong settings are told where the run begins.
    """
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    try:
        settings = read_settings(config)
    except (UsageTrouble, pytest.UsageError):
        return None
    return recommended_for(settings, None)


def list_faults() -> int:
    """Print the faults that ``--csi-fault`` switches on; the exit code."""
    from pytest_csi_snapshot.fault_list import fault_lines

    try:
        print("\n".join(fault_lines()))
    except RunError as trouble:
        print(f"csi-snapshot: {trouble}", file=sys.stderr)
        return trouble.exit_code
    return 0


def _tell_story(config: pytest.Config, settings: Settings) -> None:
    config.stash[SETTINGS] = settings
    point_at_suites(config, WALKTHROUGH)
    one_after_the_other(config)
    parts: list[object] = [SuiteCollector(suites_folder()), Header(settings), Story()]
    if not _any_set(config, _NO_TESTS):
        parts.append(ClusterOwner(config, settings))
    for part in parts:
        config.pluginmanager.register(part, f"csi-snapshot-{type(part).__name__.lower()}")


def _call_doctor(config: pytest.Config, settings: Settings) -> None:
    from pytest_csi_snapshot.doctor.alone import DoctorOnly

    config.stash[SETTINGS] = settings
    config.option.dist, config.option.tx = "no", []  # there is nothing to distribute
    for part in (ClusterOwner(config, settings), Header(settings), DoctorOnly()):
        config.pluginmanager.register(part, f"csi-snapshot-{type(part).__name__.lower()}")


def _register(config: pytest.Config, settings: Settings, *, named: Sequence[str]) -> None:
    config.stash[SETTINGS] = settings
    selection = Selection(settings)
    REDACTOR.names, REDACTOR.key = settings.csi_redact, redaction_key(config)
    # The last one registered is the outermost: it sees what the others have made.
    parts: list[object] = [SuiteCollector(suites_folder()), selection, Judging(), EvidenceKeeper(), Clean()]
    if hasattr(config, "workerinput"):
        turns = turns_of(config)
        shares = Shares(shares_beside(turns) if turns else None, config.workerinput["workercount"])
        parts += [shares, *([Turns(turns)] if turns else []), standings_of(config)]
    elif settings.csi_list:
        workers = len(config.option.tx or []) or 1
        config.option.dist, config.option.tx = "no", []  # the plan is made here, not in workers
        parts.append(Plan(settings, selection, workers))
    else:
        parts += _controller_parts(config, settings, asked=asked_for(config, settings, named=named))
    parts += _allure_parts(config, settings)
    for part in parts:
        config.pluginmanager.register(part, f"csi-snapshot-{type(part).__name__.lower()}")


def _allure_parts(config: pytest.Config, settings: Settings) -> list[object]:
    """Where allure-pytest is there and asked for results; nothing of it is imported otherwise."""
    if not getattr(config.option, "allure_report_dir", None) or _any_set(config, (*_NO_TESTS, "csi_list")):
        return []
    from pytest_csi_snapshot.allure_results.hooks import allure_parts

    return allure_parts(config, settings, runs_tests=getattr(config.option, "dist", "no") == "no")


def _controller_parts(config: pytest.Config, settings: Settings, *, asked: Sequence[str]) -> list[object]:
    if _any_set(config, _NO_TESTS):
        return [Header(settings)]
    if settings.rerun is not None and not settings.rerun:
        pytest.exit(f"--csi-rerun: nothing in {settings.csi_rerun} failed or is open", returncode=NOTHING_TO_RUN)
    collector = Collector(selected=bool(asked), scope=scope_of(settings))
    # Waivers and a baseline are read first: the baseline may be the report that this one takes the place of.
    settling = Settling(config, collector, terms_of(settings, datetime.now(UTC).date()))
    if settings.report_folder:
        prepare(settings.report_folder)
    owner, aside = ClusterOwner(config, settings), Aside()
    hearing = Hearing()
    section = Section(settings, collector, settling, owner, aside, hearing.tests)
    # Whoever looks at the judgement when the session ends stands before Settling, which is then asked first.
    judging = [hearing, collector, Junit(config, settings, settling), settling, LastWord(settling)]
    usual = Usual(usual_path())
    progress = Progress(config, settings, usual)
    told = [Losses(), Header(settings), aside, section, standings_of(config), progress]
    parts = [Shares(None, 1), owner, *judging, *told, Distribution(config, settings, usual, progress.folder)]
    if settings.report_folder:
        composer = Composer(config, settings, settling, name=owner.name_run, asked=asked)
        parts.append(Keeper(config, settings.report_folder, collector, composer, hearing.tests))
    if settings.rerun:
        parts.append(Hand(settings.rerun))
    return parts


def _any_set(config: pytest.Config, names: tuple[str, ...]) -> bool:
    return any(getattr(config.option, name, None) for name in names)
