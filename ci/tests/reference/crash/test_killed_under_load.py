"""kill -9 at random moments while several clients are served."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sampling import Sampling

from .client import Client
from .customers import MIB, Customer
from .ground import Ground
from .incarnations import Zygote
from .operations import AddNode, AttachVolume, CreateSnapshot, CreateVolume, Operation, WriteData
from .trial import Trial
from .world import World

CUSTOMERS = 3
KILLS = 200

ANSWERS = 40
"""An incarnation lives until it has given a random number of answers, so many at most, and a little longer."""
LITTLE = 0.01
"""Seconds, at most: about as long as it takes to answer."""
START = 0.03
"""Seconds a start takes: some are killed before they are done."""


def test_killed_at_random_moments_under_load_the_backend_loses_nothing(
    ground: Ground, zygote: Zygote, sampling: Sampling, request: pytest.FixtureRequest
) -> None:
    numbers = sampling.random("load")
    kills = sampling.amount(KILLS)
    counter = Counter()
    with Trial(ground, zygote) as trial:
        customers = open_shop(trial, numbers, counter)
        try:
            for _ in range(kills):
                until_killed(trial, customers, counter, numbers)
                start_again(trial, numbers)
                together(trial, customers, lambda customer, client: customer.known.check(client))
                trial.check_devices(trial.known, *(customer.known for customer in customers))
            close_shop(trial, customers)
        except Exception as error:
            error.add_note("what was asked follows from the seed, the moments do not")
            error.add_note(sampling.again(request))
            raise
        finally:
            for customer in customers:
                customer.let_go()
        assert sorted(trial.names() - names_of_empty(ground, zygote)) == []
    sampling.tell(f"killed {kills} times under the load of {CUSTOMERS} clients, who got {counter.count} answers")


class Counter:
    """Counts answers, and wakes who waits for so many; a customer that stops wakes them too."""

    def __init__(self) -> None:
        self.count = 0
        self._left = 0
        self._lock = threading.Lock()
        self._reached = threading.Event()

    def expect(self, answers: int) -> None:
        self._left = answers
        self._reached.clear()

    def answered(self) -> None:
        with self._lock:
            self.count += 1
            self._left -= 1
            if self._left <= 0:
                self._reached.set()

    def stopped(self, _: object) -> None:
        self._reached.set()

    def wait(self) -> None:
        self._reached.wait()


def open_shop(trial: Trial, numbers: random.Random, counter: Counter) -> list[Customer]:
    """A first incarnation, with a snapshot that all customers restore."""
    assert trial.start()
    base: list[Operation] = [
        AddNode(),
        CreateVolume("base", 4 * MIB),
        AttachVolume("base"),
        WriteData("base", MIB, MIB, "base"),
        CreateSnapshot("base", "base-1"),
        WriteData("base", MIB, MIB, "later"),
    ]
    assert trial.run(base) == []
    trial.known.prefix = "base"
    shared = World(snapshots=trial.known.world.snapshots)
    names = (f"c{number}" for number in range(CUSTOMERS))
    return [Customer(name, random.Random(numbers.random()), shared, counter.answered) for name in names]


def until_killed(trial: Trial, customers: list[Customer], counter: Counter, numbers: random.Random) -> None:
    """All customers work until the backend is killed; one that finds something wrong ends it early."""
    counter.expect(numbers.randint(1, ANSWERS))
    with ThreadPoolExecutor(len(customers)) as pool:
        clients = [trial.client() for _ in customers]
        working = [pool.submit(customer.work, client) for customer, client in zip(customers, clients, strict=True)]
        for each in working:
            each.add_done_callback(counter.stopped)
        counter.wait()
        early, _ = wait(working, numbers.uniform(0, LITTLE), "FIRST_COMPLETED")
        trial.backend.kill()
        for each in working:
            each.result()
        assert not early, "a client lost the backend or a device before the kill"
        for client in clients:
            client.close()


def start_again(trial: Trial, numbers: random.Random) -> None:
    """One time in four it is killed while it starts, too."""
    while numbers.random() < 0.25:
        trial.backend.spawn()
        trial.backend.lives(numbers.uniform(0, START))
        trial.backend.kill()
    assert trial.start()


def together(trial: Trial, customers: list[Customer], what: Callable[[Customer, Client], None]) -> None:
    """Each customer at once."""

    def one(customer: Customer) -> None:
        with trial.client() as client:
            what(customer, client)

    with ThreadPoolExecutor(len(customers)) as pool:
        list(pool.map(one, customers))


def close_shop(trial: Trial, customers: list[Customer]) -> None:
    """Everything is deleted."""
    together(trial, customers, lambda customer, client: customer.leave(client))
    with trial.client() as client:
        trial.known.check(client)
        for item in client.all("backupvolumes"):  # a volume of backups stays when its last one goes
            client.ask("DELETE", f"backupvolumes/{item['name']}")
        client.detach("base")
        client.delete_volume("base")
        client.delete_snapshot("base-1")
    trial.known.world = World()
    trial.check_devices()


def names_of_empty(ground: Ground, zygote: Zygote) -> set[Path]:
    """The files of a backend that never had anything but its node."""
    with Trial(ground, zygote) as trial:
        assert trial.start()
        assert trial.run([AddNode()]) == []
        return trial.names()
