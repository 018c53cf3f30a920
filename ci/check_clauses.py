"""Every clause is executed by a test, or says why it cannot be seen from outside.

    python ci/check_clauses.py                    each has a test or a reason; tests of many clauses are listed
    python ci/check_clauses.py --executed FILE    each was executed in the run that wrote this JUnit file

A clause is executed where a check that names it held in a test that passed: that is its outcome "passed". That a
test carries its id, was skipped, or ended before the check does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_csi_snapshot.judging import CLAUSES
from pytest_csi_snapshot.requirements import Catalogue, catalogue

MANY = 3
"""A test of more clauses than that is more than one test."""


class Collected:
    """A plugin that keeps what the suites' tests carry."""

    def __init__(self) -> None:
        self.carried: dict[str, tuple[str, ...]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.carried = {item.nodeid: item.stash[CLAUSES] for item in session.items}


def collect() -> dict[str, tuple[str, ...]]:
    """Test id -> clauses, of all packaged suites. Ends the program where they cannot be collected."""
    collected, said = Collected(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--csi-list", "-p", "no:cacheprovider"], plugins=[collected])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"the suites cannot be collected:\n{said.getvalue()}")
    return collected.carried


def uncovered(known: Catalogue, carried: Iterable[tuple[str, ...]]) -> list[str]:
    """What is wrong with the tests that the clauses have; ids that nobody knows are refused by the collection."""
    tested = {clause for clauses in carried for clause in clauses}
    troubles = [
        f"{clause.id} has neither a test nor a reason why it cannot be seen"
        for clause in known.clauses
        if not clause.unseen and clause.id not in tested
    ]
    return troubles + [
        f"{clause.id} has a test and a reason why it cannot be seen"
        for clause in known.clauses
        if clause.unseen and clause.id in tested
    ]


def crowded(carried: dict[str, tuple[str, ...]]) -> list[str]:
    """Tests that judge too many clauses."""
    return [f"{test} carries {len(ids)}: {', '.join(ids)}" for test, ids in carried.items() if len(ids) > MANY]


def passed(report: Path) -> set[str]:
    """The clauses that some test of a JUnit report passed and none failed."""
    said: dict[str, set[str]] = {}
    for each in ElementTree.parse(report).iter("property"):
        if each.get("name") == "csi_outcome":
            clause, _, outcome = str(each.get("value")).partition(" ")
            said.setdefault(clause, set()).add(outcome)
    return {clause for clause, outcomes in said.items() if "passed" in outcomes and "failed" not in outcomes}


def unexecuted(known: Catalogue, executed: set[str]) -> list[str]:
    """Clauses that can be seen, and that no test of a run has executed."""
    return [
        f"{clause.id} was executed by no test"
        for clause in known.clauses
        if not clause.unseen and clause.id not in executed
    ]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executed", type=Path, metavar="FILE", help="JUnit file of a full run")
    args = parser.parse_args(argv)
    known = catalogue()
    total = len(known.clauses)
    if args.executed:
        if not args.executed.is_file():
            print(f"{args.executed} is not there: run pytest with --junitxml={args.executed}", file=sys.stderr)
            return 2
        executed = passed(args.executed)
        troubles = unexecuted(known, executed)
        print(f"{len(executed & known.by_id.keys())} of {total} clauses executed")
    else:
        carried = collect()
        troubles = uncovered(known, carried.values())
        unseen = sum(bool(clause.unseen) for clause in known.clauses)
        print(f"{total} clauses, {unseen} of them cannot be seen from outside; {len(carried)} tests")
        for line in crowded(carried):
            print(line)
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
