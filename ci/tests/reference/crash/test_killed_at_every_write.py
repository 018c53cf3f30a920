"""kill -9 before and after every single write of what the backend must remember, and again while it recovers."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sampling import Sampling

from .ground import Ground
from .incarnations import Preparation, Zygote
from .recording import Event, kind, load
from .story import STORY
from .trial import Trial

STEPS_OF_START = 12
"""A start writes about so much; where not every step is tried, one of these is."""


@dataclass(frozen=True)
class Death:
    """``number`` counts the steps of the story's backend from 0 on."""

    number: int
    side: str

    def __str__(self) -> str:
        return f"{self.number}:{self.side}"


def test_killed_before_and_after_every_write_the_backend_loses_nothing(
    ground: Ground, zygote: Zygote, sampling: Sampling, request: pytest.FixtureRequest
) -> None:
    steps = steps_of_story(ground, zygote)
    deaths = [Death(number, side) for number, side in itertools.product(range(len(steps)), ("before", "after"))]
    chosen = sampling.choose(deaths, lambda death: kind(steps[death.number]))

    numbers = sampling.random("recovery")
    for death in chosen:
        recovery = itertools.count() if sampling.full else [numbers.randrange(STEPS_OF_START)]
        try:
            die_and_go_on(ground, zygote, death, recovery)
        except Exception as error:
            error.add_note(
                f"killed {death.side} step {death.number}, {steps[death.number]}, and while it recovered"
            )
            error.add_note(sampling.again(request, death))
            raise

    kinds = len({kind(step) for step in steps})
    sampling.tell(
        f"killed at {len(chosen)} of {len(deaths)} places, before and after {len(steps)} writes of {kinds} kinds"
    )


def steps_of_story(ground: Ground, zygote: Zygote) -> list[Event]:
    """What the backend writes from its start to the end of the story."""
    recording = ground.fresh()
    with Trial(ground, zygote) as trial:
        assert trial.start(recorder(trial.data, recording))
        assert trial.run(list(STORY)) == []
        trial.check_devices(trial.known)
    return load(recording / "log")


def recorder(data: Path, recording: Path) -> Preparation:
    return Preparation(f"{__package__}.watched:record", {"data": str(data), "recording": str(recording)})


def die_and_go_on(ground: Ground, zygote: Zygote, death: Death, recovery: Iterable[int]) -> None:
    with Trial(ground, zygote) as trial:
        left = trial.run(list(STORY)) if trial.start(dying(death)) else list(STORY)

        if not trial.backend.dead():  # a job wrote less than the first time
            trial.backend.kill()
        start_again(trial, recovery)
        asked = 1 if trial.known.doubtful else 0
        trial.check()
        assert trial.run(left[asked:]) == []
        trial.check()


def dying(death: Death) -> Preparation:
    return Preparation(f"{__package__}.watched:die", {"number": death.number, "side": death.side})


def start_again(trial: Trial, numbers: Iterable[int]) -> None:
    """Once it serves; before, it is killed after each step of those ``numbers`` that a start still makes."""
    for number in numbers:
        if trial.start(dying(Death(number, "after"))):
            trial.backend.kill()
            break
    assert trial.start()
