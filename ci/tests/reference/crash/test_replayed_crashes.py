"""The machine crashes: what was not synced is lost, at every moment of a recorded run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sampling import Sampling

from .client import Client
from .ground import Ground
from .incarnations import Zygote
from .operations import WriteData
from .recording import SYNCS, Event, acknowledged_at, crashes, kind, load, tree_after
from .story import STORY
from .test_killed_at_every_write import recorder
from .trial import Trial
from .watched import Recorder
from .world import World


def test_after_a_crash_of_the_machine_at_any_moment_everything_acknowledged_is_there(
    ground: Ground, zygote: Zygote, sampling: Sampling, request: pytest.FixtureRequest
) -> None:
    recording, folder = ground.fresh(), ground.fresh()
    worlds = record_story(ground, zygote, recording, folder)
    events = load(recording / "log")
    possible = crashes(events)
    chosen = sampling.choose(possible, lambda crash: moment(events[crash.happened - 1]))

    for crash in chosen:
        try:
            with Trial(ground, zygote, folder) as trial:  # the same: a backup target is told by its path
                tree_after(events, crash).build(trial.data, recording)
                done = acknowledged_at(events, crash)
                trial.known.world = worlds[done]
                trial.known.doubtful = (
                    STORY[done] if events[crash.happened - 1].step and done < len(STORY) else None
                )
                assert trial.start(), trial.backend.said()
                trial.check()
        except Exception as error:
            error.add_note(f"crashed after {events[crash.happened - 1]}; {done} operations were acknowledged")
            error.add_note(sampling.again(request, crash))
            raise

    steps, syncs = sum(bool(event.step) for event in events), sum(event.step in SYNCS for event in events)
    sampling.tell(
        f"replayed {len(chosen)} of {len(possible)} crashes of the machine, in {steps} steps with {syncs} syncs"
    )


def moment(event: Event) -> str:
    """What sort of step the machine crashes after, or after the answer to what sort of operation."""
    return kind(event) if event.step else f"answer to {type(STORY[event.acknowledged - 1]).__name__}"


def record_story(ground: Ground, zygote: Zygote, recording: Path, folder: Path) -> list[World]:
    """Returns what was there after each number of operations."""
    with Trial(ground, zygote, folder) as trial:
        ours = Recorder(trial.data, recording)
        assert trial.start(recorder(trial.data, recording))
        worlds = [trial.known.world]
        with trial.client() as client:
            for number, operation in enumerate(STORY, 1):
                trial.known.perform(client, operation)
                if isinstance(operation, WriteData):
                    ours.done("sync", served_file(client, operation.name, trial.data))
                ours.acknowledged(number)
                worlds.append(trial.known.world)
    return worlds


def served_file(client: Client, volume: str, data: Path) -> Path:
    """The file behind a volume's device: a sync of the one is a sync of the other."""
    fd = client.open_device(volume)
    try:
        number = os.minor(os.fstat(fd).st_rdev)
        inode = next(loop.backing.inode for loop in client.ground.loops() if loop.number == number)
    finally:
        os.close(fd)
    return next(path for path in data.rglob("*") if path.stat().st_ino == inode)
