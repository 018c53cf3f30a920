"""The plan (``--csi-list``): every clause, its level, the tests that would judge it or why none can; the price.

Printed instead of running; no cluster is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from pytest_csi_snapshot.companions import wish_of
from pytest_csi_snapshot.judging import CLAUSES
from pytest_csi_snapshot.prices import price_list
from pytest_csi_snapshot.quantities import GI
from pytest_csi_snapshot.reporting.words import counted
from pytest_csi_snapshot.requirements import Clause, catalogue
from pytest_csi_snapshot.scope import scope_of
from pytest_csi_snapshot.selection import Selection
from pytest_csi_snapshot.settings import Settings


class Plan:
    """Takes the place of running the tests."""

    def __init__(self, settings: Settings, selection: Selection, workers: int) -> None:
        self._settings = settings
        self._workers = workers
        self._selection = selection

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Print the plan; nothing runs. Collection errors are left to pytest."""
        if session.testsfailed:
            return None
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        for line in plan_lines(self._settings, self._selection.items, self._workers):
            if reporter:
                reporter.write_line(line)
        return True


def plan_lines(settings: Settings, items: Sequence[pytest.Item], workers: int = 1) -> list[str]:
    """One line for each pair of clause and test, in the order of the catalogue; clauses without a test too."""
    tests: dict[str, list[str]] = defaultdict(list)
    for item in items:
        for clause in item.stash[CLAUSES]:
            tests[clause].append(item.nodeid + (f"  on companion {wish.name}" if (wish := wish_of(item)) else ""))
    chosen = settings.chosen
    clauses = [clause for clause in scope_of(settings).clauses if chosen is None or clause.id in chosen]
    width = max((len(clause.id) for clause in clauses), default=0)
    lines = [
        f"{clause.id:<{width}}  {clause.level:<6}  {test}"
        for clause in clauses
        for test in tests.get(clause.id) or [without_test(clause)]
    ]
    covered = sum(clause.id in tests for clause in clauses)
    total = len({test for each in tests.values() for test in each})
    told = f"{counted(len(clauses), 'clause')}, {covered} with a test, {counted(total, 'test')}"
    return [*lines, "", told, price_line(settings, [item for item in items if _costs(settings, item)], workers)]


def price_line(settings: Settings, items: Sequence[pytest.Item], workers: int) -> str:
    """What these tests make at most, all together: nothing of it stays."""
    price, unknown = price_list().in_all([item.nodeid for item in items], workers)
    sizes = settings.profile.sizes
    gib = -(-price.bytes(sizes) // GI)
    told = f"{counted(price.volumes, 'volume')} ({gib} GiB), {counted(price.snapshots, 'snapshot')}, "
    told += counted(price.pods, "pod")
    missing = f"; {counted(unknown, 'test')} of unknown price" if unknown else ""
    return f"at most {told} over the whole run, removed with each test{missing}"


def _costs(settings: Settings, item: pytest.Item) -> bool:
    """Whether a test is begun at all: not on a companion where there is none, nor against the profile."""
    wish = wish_of(item)
    if wish and settings.csi_cluster == "embedded":
        return True
    if wish and not wish.or_itself:
        return False
    needs = {need for clause in item.stash[CLAUSES] for need in catalogue().by_id[clause].needs}
    return not any(settings.profile.declares(need) is False for need in needs)


def without_test(clause: Clause) -> str:
    """What stands in the place of a test's id."""
    return f"(cannot be seen from outside: {clause.unseen})" if clause.unseen else "(no test)"
