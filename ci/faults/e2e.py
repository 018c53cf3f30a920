"""The same faults before Kubernetes' own tests of storage: which of them their nine cases can see.

A fault is asked about if it breaks a clause that one of our tests for these cases judges; what the cases do not
look at, they cannot find. They run on embedded or on kind clusters, where faults are switched on and off by
restarting a role; on several at once, for most of their time they wait.
Cases that fail there without any fault are left out, and told: five of them (snapshots, restore, clones) look at
data by exec into pods, which the process nodes of an embedded cluster do not serve.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.e2e.cases import CASES, E2eCase

from .cases import CLEAN, Case
from .crew import Crew
from .e2e_workers import Answer, Question
from .tests import Tests


@dataclass(frozen=True)
class Judged:
    """What they say of a fault: the cases that failed, each with what it said."""

    fault: str
    by: tuple[str, ...]
    seconds: float

    @property
    def word(self) -> str:
        """As it is noted."""
        return "caught" if self.by else "missed"


def visible(cases: Sequence[Case], tests: Tests, able: Sequence[E2eCase] = CASES) -> list[Case]:
    """The faults of a clause that one of these cases looks at."""
    ours = tuple(test for case in able for test in case.ours)
    seen = {clause for clause, known in tests.of.items() if any(each.endswith(ours) for each in known)}
    return [case for case in cases if seen.intersection(case.breaks)]


def judged_by_e2e(
    cases: Sequence[Case],
    tests: Tests,
    folder: Path,
    tell: Callable[[Judged], None],
    crew: Crew[Question, Answer],
) -> list[Judged]:
    """What e2e.test says of each fault that the cases which can run here look at; it stands in ``folder`` too.

    Raises RuntimeError where it cannot be asked.
    """
    found: list[Judged] = []

    def heard(answer: Answer) -> None:
        if answer.trouble:
            print(f"not asked about: {answer.name}: {answer.trouble}", flush=True)
            return
        by = tuple(f"{each.name} ({each.said})" for each in answer.results if each.outcome == "failed")
        found.append(Judged(answer.name, by, answer.seconds))
        tell(found[-1])
        (folder / "results.json").write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")

    able = _able(crew, folder)
    asked = visible(cases, tests, able)
    if left := [case.name for case in cases if case not in asked]:
        print(f"not asked about, for no case that runs here looks at them: {', '.join(left)}", flush=True)
    crew.try_all([Question(case.name, (case.name,), able) for case in asked], heard, _died)
    return found


def _able(crew: Crew[Question, Answer], folder: Path) -> tuple[E2eCase, ...]:
    """The cases that pass without a fault. Raises RuntimeError where none does."""
    answers: list[Answer] = []
    crew.try_all([Question(CLEAN, (), CASES)], answers.append, _died)
    (clean,) = answers
    if clean.trouble:
        raise RuntimeError(f"e2e cannot be asked: {clean.trouble}")
    passed = {each.name for each in clean.results if each.outcome == "passed"}
    for each in clean.results:
        if each.name not in passed:
            print(f"left out, for without a fault it is {each.outcome}: {each.name}: {each.said}", flush=True)
    if not passed:
        raise RuntimeError(f"no case of e2e passes without a fault, see {folder / CLEAN / 'log'}")
    print(f"without a fault {len(passed)} of {len(CASES)} cases pass in {clean.seconds:.0f} s", flush=True)
    return tuple(case for case in CASES if case.name in passed)


def _died(question: Question) -> Answer:
    return Answer(question.name, trouble="its worker died, see above")
