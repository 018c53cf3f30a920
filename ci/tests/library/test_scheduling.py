"""Who gets which test: units, the line, and the scheduler with workers that only take notes."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pytest_csi_snapshot.prices import Price, PriceList
from pytest_csi_snapshot.scheduling.estimates import by_price, estimates
from pytest_csi_snapshot.scheduling.hooks import source_of
from pytest_csi_snapshot.scheduling.line import Line
from pytest_csi_snapshot.scheduling.scheduler import Knowledge, LongestFirst
from pytest_csi_snapshot.scheduling.units import Unit, units_of
from pytest_csi_snapshot.scheduling.workers import advice, recommended


def file_of(test: str) -> str:
    return test.partition("::")[0]


class Plain:
    """What is asked of xdist's own scheduler."""

    def __init__(self, workers: int) -> None:
        self.node2collection: dict[object, list[str]] = {}
        self.workers = workers
        self.told = 0

    @property
    def collection_is_completed(self) -> bool:
        return len(self.node2collection) >= self.workers

    def add_node(self, node: object) -> None: ...

    def remove_node(self, node: object) -> None: ...

    def add_node_collection(self, node: object, collection: Sequence[str]) -> None:
        self.node2collection[node] = list(collection)

    def schedule(self) -> None:
        self.told += 1


class Hand:
    """A worker: notes what it was sent."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.done: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        assert not self.shutting_down
        self.sent += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def ready(self) -> int | None:
        """The test that it can begin now."""
        left = [test for test in self.sent if test not in self.done]
        return left[0] if left and (len(left) > 1 or self.shutting_down) else None


class Run:
    """A run by hand: tests take as long as ``seconds`` says, in a time of its own."""

    def __init__(
        self, seconds: dict[str, float], workers: int, known: dict[str, float] | None = None, alone: str = "~"
    ) -> None:
        self.tests, self.seconds = list(seconds), list(seconds.values())
        self.alone = frozenset(test for test in self.tests if test.startswith(alone))
        guess = [(known or seconds).get(test, 1.0) for test in self.tests]
        self.plain = Plain(workers)
        knowledge = Knowledge(guess, lambda test: file_of(test) if "::" in test else "", self.alone)
        self.scheduler = LongestFirst(self.plain, lambda _tests: knowledge)
        self.hands = [Hand() for _ in range(workers)]
        self.ends: dict[Hand, float] = {}
        self.now = 0.0
        self.order: list[tuple[float, str]] = []
        for hand in self.hands:
            self.join(hand)
        self.scheduler.schedule()

    def join(self, hand: Hand) -> None:
        self.scheduler.add_node(hand)
        self.scheduler.add_node_collection(hand, self.tests)

    def step(self) -> None:
        """Begin what can begin, then end what ends first."""
        busy = set(self.ends)
        alone = any(self.tests[test] in self.alone for hand in busy if (test := hand.ready) is not None)
        for hand in self.hands:
            test = hand.ready
            if hand in busy or test is None or alone:
                continue
            if self.tests[test] in self.alone:
                if self.ends:
                    continue  # waits for its turn
                alone = True
            self.ends[hand] = self.now + self.seconds[test]
            self.order.append((self.now, self.tests[test]))
        hand = min(self.ends, key=lambda each: self.ends[each])
        began, self.now = self.now, self.ends.pop(hand)
        test = hand.ready
        assert test is not None
        hand.done.append(test)
        self.scheduler.mark_test_complete(hand, test, self.now - began)

    def to_end(self) -> float:
        while self.scheduler.has_pending:
            self.step()
        return self.now

    @property
    def done(self) -> list[str]:
        return sorted(self.tests[test] for hand in self.hands for test in hand.done)


def some(number: int, seed: int) -> dict[str, float]:
    """Tests as they are: most are short, some are not."""
    chance = random.Random(seed)
    return {f"t{each:03}": round(chance.paretovariate(1.2), 2) for each in range(number)}


def test_every_test_runs_once() -> None:
    run = Run(some(100, 1), 4)
    run.to_end()
    assert run.done == run.tests
    assert all(hand.shutting_down for hand in run.hands)
    assert run.scheduler.tests_finished


def test_what_is_long_begins_first_and_the_end_is_even() -> None:
    for seed in range(20):
        tests = some(120, seed)
        run = Run(tests, 4)
        least = max(max(tests.values()), sum(tests.values()) / 4)
        assert run.to_end() < 1.05 * least
        longest = max(tests, key=lambda test: tests[test])
        assert longest in [test for _, test in run.order[:4]]


def test_a_few_long_tests_end_together_though_each_worker_is_promised_its_next_at_the_beginning() -> None:
    seconds = (14.2, 13.7, 12.8, 12.7, 11.5, 11.2, 11.1, 5.5, 1.1, 0.8, 0.8, 0.4)
    tests = {f"t{number}": each for number, each in enumerate(seconds)}
    assert Run(tests, 4).to_end() < 1.15 * sum(seconds) / 4


def test_workers_are_busy_where_the_times_are_other_than_was_thought() -> None:
    tests = some(120, 3)
    run = Run(tests, 4, known=dict.fromkeys(tests, 1.0))
    assert run.to_end() < 1.3 * max(max(tests.values()), sum(tests.values()) / 4 + max(tests.values()) / 2)


def test_tests_that_run_alone_are_the_last_of_one_worker_in_their_order() -> None:
    tests = {**some(30, 5), "~b": 3.0, "~a": 9.0}
    run = Run(tests, 3)
    run.to_end()
    assert [test for _, test in run.order][-2:] == ["~b", "~a"]
    doers = [hand for hand in run.hands if any(run.tests[test] in run.alone for test in hand.done)]
    assert len(doers) == 1
    assert run.order[-2][0] >= max(began for began, test in run.order if test not in run.alone)


def test_tests_of_a_file_that_share_a_source_run_one_after_the_other_on_one_worker() -> None:
    tests = {**some(60, 7), "f::a": 1.0, "f::b": 2.0, "f::c": 1.0}
    run = Run(tests, 3)
    run.to_end()
    doer = next(hand for hand in run.hands if run.tests.index("f::a") in hand.done)
    at = [doer.done.index(run.tests.index(test)) for test in ("f::a", "f::b", "f::c")]
    assert at == [at[0], at[0] + 1, at[0] + 2]


def test_a_long_file_is_divided_between_workers() -> None:
    ids = [f"f::{number}" for number in range(12)]
    units, last = units_of(ids, [1.0] * 12, file_of, (), 2)
    assert [unit.tests for unit in units] == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11)]
    assert last is None
    others = "abcdegh"
    whole, _ = units_of([*ids, *others], [1.0] * 12 + [10.0] * 7, file_of, (), 2)
    assert whole[0] == Unit(tuple(range(12)), 12.0)


def test_the_short_tests_of_a_file_with_a_long_one_stay_together() -> None:
    ids = [f"f::{number}" for number in range(7)]
    units, _ = units_of(ids, [100.0, *[1.0] * 6], file_of, (), 2)
    assert [unit.tests for unit in units] == [(0,), (1, 2, 3, 4, 5, 6)]


def test_what_a_lost_worker_had_is_run_by_the_others() -> None:
    run = Run({**some(40, 9), "~a": 1.0, "~b": 1.0}, 3)
    for _ in range(9):
        run.step()
    lost = run.hands[1]
    at = lost.ready
    assert at is not None
    assert run.scheduler.remove_node(lost) == run.tests[at]
    run.ends.pop(lost, None)
    run.hands.remove(lost)
    successor = Hand()
    run.join(successor)
    run.hands.append(successor)
    run.scheduler.schedule()
    run.to_end()
    assert sorted([*run.done, *(run.tests[test] for test in [*lost.done, at])]) == sorted(run.tests)


def test_what_a_worker_that_ran_alone_had_left_is_run_by_its_successor_in_its_order() -> None:
    run = Run({"a": 1.0, "b": 1.0, "~a": 1.0, "~b": 1.0, "~c": 1.0, "~d": 9.0}, 2)
    while not any(run.tests[test] == "~a" for hand in run.hands for test in hand.done):
        run.step()
    lost = next(hand for hand in run.hands if run.tests.index("~a") in hand.done)
    assert run.scheduler.remove_node(lost) == "~b"
    successor = Hand()
    run.join(successor)
    run.scheduler.schedule()
    assert [run.tests[test] for test in successor.sent] == ["~c", "~d"]


def test_who_was_slower_than_was_thought_gets_less() -> None:
    tests = {"a": 5.0, "b": 5.0, "c": 5.0, "d": 5.0, "e": 4.0, "f": 1.0}
    run = Run(tests, 2)
    slow, _other = run.hands
    run.scheduler.mark_test_complete(slow, slow.sent[0], 30.0)
    assert run.tests[slow.sent[-1]] == "f"


def test_a_test_that_is_wanted_again_runs_again() -> None:
    run = Run({"a": 1.0, "b": 1.0, "c": 1.0, "d": 9.0, "e": 9.0}, 1)
    run.step()
    run.scheduler.mark_test_pending(run.tests[run.hands[0].done[0]])
    assert run.scheduler.has_pending
    again = run.hands[0].done.pop()
    run.hands[0].sent.remove(again)
    run.to_end()
    assert run.done == run.tests


def test_workers_that_collected_other_tests_get_none() -> None:
    plain = Plain(2)
    scheduler = LongestFirst(plain, lambda tests: Knowledge([1.0] * len(tests), file_of, frozenset()))
    hands = [Hand(), Hand()]
    for hand, tests in zip(hands, (["a"], ["b"]), strict=True):
        scheduler.add_node(hand)
        scheduler.add_node_collection(hand, tests)
    scheduler.schedule()
    assert plain.told == 1
    assert [hand.sent for hand in hands] == [[], []]


def test_who_has_a_long_test_before_it_is_given_a_short_one_next() -> None:
    line = Line([Unit((number,), seconds) for number, seconds in enumerate((20.0, 8.0, 7.0, 6.0, 1.0))])
    line.join("one")
    line.join("two")
    first, second = line.next_for("one"), line.next_for("one")
    assert [unit and unit.seconds for unit in (first, second)] == [20.0, 1.0]
    assert [unit.seconds for unit in iter(lambda: line.next_for("two"), None)] == [8.0, 7.0, 6.0]


def test_who_comes_later_begins_where_the_others_are() -> None:
    line = Line([Unit((number,), seconds) for number, seconds in enumerate((8.0, 7.0, 6.0, 1.0))])
    line.join("one")
    line.next_for("one")
    line.join("two")
    found = line.next_for("one")
    assert found is not None
    assert found.seconds == 7.0


def test_an_unknown_test_is_thought_to_last_by_its_price_on_the_scale_of_the_known_ones() -> None:
    cheap, dear = Price(volumes=1), Price(volumes=1, pods=4)
    prices = PriceList({"a": cheap, "b": dear, "c": dear}, {})
    assert estimates(["a", "b"], {}, prices) == [by_price(cheap), by_price(dear)]
    known = {"a": 1.0, "b": 2 * by_price(dear) + 2 * by_price(cheap) - 1.0}
    a, b, c = estimates(["a", "b", "c"], known, prices)
    assert (a, b) == (1.0, known["b"])
    assert round(c, 6) == round(2 * by_price(dear), 6)


def test_cores_limit_a_cluster_on_this_machine_and_nodes_one_elsewhere() -> None:
    assert recommended(nodes=0, cores=2, here=True) == 4
    assert recommended(nodes=9, cores=1, here=True) == 2
    assert recommended(nodes=3, cores=4, here=False) == 12
    assert recommended(nodes=0, cores=4, here=False) == 8
    assert recommended(nodes=100, cores=1, here=False) == 8
    assert recommended(nodes=100, cores=64, here=False) == 32


def test_a_word_is_said_only_where_the_workers_are_far_from_what_is_recommended() -> None:
    assert [advice(workers, 4) for workers in (3, 4, 5, 7)] == ["", "", "", ""]
    assert advice(1, 4) == "one test at a time; for this cluster and machine -n 4 is recommended (-n auto)"
    assert advice(16, 4).startswith("16 workers; ")


def test_a_packaged_file_shares_what_its_price_says_and_somebodys_own_may_share_anything() -> None:
    shares = "pytest_csi_snapshot/suites/test_restore.py"
    assert source_of(f"{shares}::test_a") == shares
    assert source_of("pytest_csi_snapshot/suites/test_dynamic.py::test_a") == ""
    assert source_of("tests/test_own.py::test_a") == "tests/test_own.py"
