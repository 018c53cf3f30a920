"""Which tests run, in which order, and under which names: everything that follows from the clauses a test carries.

Works on collected items; does not know what a test does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from pytest_csi_snapshot.companions import COMPANION_MARK, unknown_companions
from pytest_csi_snapshot.judging import CLAUSES
from pytest_csi_snapshot.matrix import variants
from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.scope import scope_of
from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.shards import Shard, owners
from pytest_csi_snapshot.spelling import nearest
from pytest_csi_snapshot.turns import is_exclusive

CLAUSE_MARK = "csi_clause"
VARIANT = "csi_variant"


class Selection:
    """Hooks between collection and the first test."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._scope = frozenset(scope_of(settings).by_id)
        self.items: Sequence[pytest.Item] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that asks for ``csi_variant`` in each variant of what the driver is declared to offer."""
        if VARIANT in metafunc.fixturenames:
            metafunc.parametrize(VARIANT, variants(self._settings.profile, self._settings.csi_matrix), ids=str)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note the clauses of a test, and let ``-k`` find it by them."""
        carried = carried_by(item)
        item.stash[CLAUSES] = carried
        item.extra_keyword_matches.update(carried)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Refuse unknown clauses, leave what was asked for, and put the tests that run alone last."""
        complaint = unknown_clauses((item.nodeid, _noted(item)) for item in items) or unknown_companions(
            (item.nodeid, mark.args) for item in items for mark in item.iter_markers(COMPANION_MARK)
        )
        if complaint and not hasattr(config, "workerinput"):  # an error here would end a worker, not the run
            raise pytest.UsageError(complaint)
        chosen = self._settings.chosen
        clauses = self._scope if chosen is None else chosen & self._scope
        kept = [item for item in items if _wanted(_noted(item), clauses, asked=chosen is not None)]
        if rerun := self._settings.rerun:
            kept = [item for item in kept if rerun.wants(item.nodeid, _noted(item))]
        kept = _of_shard(kept, self._settings.shard)
        if len(kept) < len(items):
            config.hook.pytest_deselected(items=[item for item in items if item not in kept])
            items[:] = kept
        items.sort(key=is_exclusive)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what is left, for the plan."""
        self.items = session.items


def _wanted(carried: Sequence[str], clauses: frozenset[str], *, asked: bool) -> bool:
    """Whether a test is about one of ``clauses``; one about none is left out only where some are asked for."""
    return not clauses.isdisjoint(carried) or (not carried and not asked)


def _of_shard(items: list[pytest.Item], shard: Shard | None) -> list[pytest.Item]:
    """The tests among those chosen that a shard has."""
    if shard is None:
        return items
    parts = {item: (item.nodeid.partition("::")[0], is_exclusive(item)) for item in items}
    division = owners(parts.values(), shard.of)
    return [item for item in items if division[parts[item]] == shard.number]


def carried_by(item: pytest.Item) -> tuple[str, ...]:
    """The ids of all ``csi_clause`` markers of a test, those of its class and module too; each once."""
    ids = (one for mark in item.iter_markers(CLAUSE_MARK) for one in mark_ids(*mark.args, **mark.kwargs))
    return tuple(dict.fromkeys(ids))


def _noted(item: pytest.Item) -> tuple[str, ...]:
    return item.stash[CLAUSES]


def mark_ids(*ids: str) -> tuple[str, ...]:
    """The signature of the marker: ``csi_clause(*ids)``."""
    return ids


def unknown_clauses(marks: Iterable[tuple[str, Iterable[str]]]) -> str:
    """One line about the first (place, ids) with an id that is not in the catalogue; "" where all are known."""
    known = catalogue().by_id
    for place, clauses in marks:
        for clause in clauses:
            if clause not in known:
                return f"{place}: unknown clause {clause!r} in {CLAUSE_MARK}; {nearest(str(clause), known)}"
    return ""


def marks_in_files(args: Iterable[str], mark: str = CLAUSE_MARK) -> Iterator[tuple[str, list[str]]]:
    """(file:line, arguments) of the markers of that name in the files of a command line, without importing them.

    So that a slip is found before a cluster is started, and by the process that owns the terminal.
    """
    import ast

    for name in dict.fromkeys(arg.partition("::")[0] for arg in args):
        path = Path(name)
        if path.suffix != ".py" or not path.is_file():
            continue
        text = path.read_bytes()
        if mark.encode() not in text:
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue  # told by the collection, with the place
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == mark:
                ids = [one.value for one in call.args if isinstance(one, ast.Constant)]
                yield f"{name}:{call.lineno}", [one for one in ids if isinstance(one, str)]
