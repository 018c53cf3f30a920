"""Which faults are tried, in which order, and by which tests. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from .cases import Case


def tenth(cases: Sequence[Case]) -> list[Case]:
    """A tenth of the cases, with every kind and every component among it: the same ones in every run.

    The order in which they are taken is that of a hash of their names, so that no kind of fault is preferred, and
    a new fault changes little.
    """
    ranked = sorted(cases, key=lambda case: _hash(case.name))
    chosen: list[Case] = []
    for case in ranked:
        kinds, components = {one.kind for one in chosen}, {one.component for one in chosen}
        if case.kind not in kinds or case.component not in components:
            chosen.append(case)
    for case in ranked:
        if len(chosen) * 10 >= len(cases):
            break
        if case not in chosen:
            chosen.append(case)
    return chosen


def fifth(tests_of: Mapping[str, Sequence[str]]) -> list[str]:
    """A fifth of the tests, of each family of clauses: the same ones in every run."""
    families: dict[str, set[str]] = {}
    for clause, tests in tests_of.items():
        families.setdefault(clause.rpartition("-")[0], set()).update(tests)
    chosen: set[str] = set()
    for family in sorted(families):
        ranked = sorted(families[family], key=_hash)
        chosen.update(ranked[: -(-len(ranked) // 5)])
    return sorted(chosen)


def in_order(cases: Iterable[Case]) -> list[Case]:
    """Cases of one component after each other: switching then restarts one role instead of two."""
    return sorted(cases, key=lambda case: (case.component, case.kind, case.name))


def shared_out(cases: Sequence[Case], hands: int) -> list[list[Case]]:
    """Consecutive cases for each of so many clusters; no part is empty unless there are too few cases."""
    size, more = divmod(len(cases), hands)
    parts, begin = [], 0
    for number in range(hands):
        end = begin + size + (number < more)
        parts.append(list(cases[begin:end]))
        begin = end
    return parts


def wanted(case: Case, intended: frozenset[str]) -> tuple[str, ...]:
    """The clauses to turn red under a case: the one that has to, and those that no other case intends.

    ``intended`` are the intended clauses of all cases.
    """
    return case.intended, *(clause for clause in case.breaks[1:] if clause not in intended)


def chosen_tests(
    clauses: Sequence[str], tests_of: Mapping[str, Sequence[str]], price: Callable[[str], int]
) -> list[str]:
    """The tests of these clauses, those of the first clause first, of each the cheapest first; each test once.

    A further variant of a test comes after all tests that look at the clause in another way: what the first one
    did not see, the next would hardly, and there are matrices of variants that outlast the patience of a run.
    """
    found = (test for clause in clauses for test in _by_ways(sorted(tests_of.get(clause, ()), key=price)))
    return list(dict.fromkeys(found))


def _by_ways(tests: Sequence[str]) -> list[str]:
    """The first variants of all tests, in the order given, then the second ones, and so on."""
    rounds: dict[str, int] = {}
    places: dict[str, int] = {}
    for test in tests:
        function = test.partition("[")[0]
        places[test] = rounds[function] = rounds.get(function, -1) + 1
    return sorted(tests, key=places.__getitem__)


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
