"""Which of many cases are tried: all, one, or a sample that has every kind of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

SHARE = 20
"""One in so many is tried unless all are, or the test says otherwise, and never less than one of each kind."""
REPEATED = 10
"""What is random anyhow is done one in so many times unless all are asked for."""

Case = TypeVar("Case")


@dataclass
class Sampling:
    """How one run of the self-tests was asked for. ``told`` are lines for its end."""

    full: bool
    seed: int
    case: str | None
    told: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, config: pytest.Config) -> Sampling:
        seed = config.getoption("--seed")
        drawn = random.SystemRandom().randrange(1 << 32)
        return cls(config.getoption("--full"), drawn if seed is None else seed, config.getoption("--case"))

    def random(self, purpose: str) -> random.Random:
        """Numbers that follow from the seed and ``purpose`` alone."""
        return random.Random(f"{self.seed} {purpose}")

    def choose(self, cases: Iterable[Case], kind: Callable[[Case], str], share: int = SHARE) -> list[Case]:
        """In their order, one in ``share`` of them; ``str`` of a case is what --case names."""
        cases = list(cases)
        if self.case is not None:
            chosen = [case for case in cases if str(case) == self.case]
            assert chosen, f"there is no case {self.case!r}: one of {', '.join(map(str, cases))}"
            return chosen
        if self.full:
            return cases
        kinds: dict[str, list[int]] = {}
        for place, case in enumerate(cases):
            kinds.setdefault(kind(case), []).append(place)
        numbers = self.random("sample")
        drawn = {numbers.choice(places) for places in kinds.values()}
        others = [place for place in range(len(cases)) if place not in drawn]
        drawn.update(numbers.sample(others, max(0, len(cases) // share - len(drawn))))
        return [cases[place] for place in sorted(drawn)]

    def amount(self, full: int) -> int:
        """How often something random is done."""
        return full if self.full else full // REPEATED

    def tell(self, line: str) -> None:
        """Print this at the end of the run, and now if output is shown."""
        self.told.append(line)
        print(line)

    def again(self, request: pytest.FixtureRequest, case: object = None) -> str:
        """The command that tries it once more."""
        options = f"--seed {self.seed}" + (" --full" if self.full and case is None else "")
        options += f" --case '{case}'" if case is not None else ""
        return f"run again with: pytest {options} '{request.node.nodeid}'"


SAMPLING = pytest.StashKey[Sampling]()
"""Where the configuration of pytest has it."""
