"""How long tests are thought to take: as long as the last time, else by what they make.

No table of usual durations is kept beside that of prices: on another cluster it would be wrong in all its numbers,
and what makes one test longer than another, pods before all, is what it makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_csi_snapshot.prices import Price, PriceList

AT_LEAST, VOLUME, SNAPSHOT, POD = 0.4, 0.35, 0.25, 0.8
"""Seconds of a test that makes nothing, and those that each thing adds: a guess from what tests of one thing take
on the embedded cluster. Only their ratios count, and only until a test has run once."""


def by_price(price: Price | None) -> float:
    """Seconds of a test of this price; of one without a price, those of one volume, snapshot and pod."""
    known = price or Price(volumes=1, snapshots=1, pods=1)
    return AT_LEAST + VOLUME * known.volumes + SNAPSHOT * known.snapshots + POD * known.pods


def estimates(tests: Iterable[str], known: Mapping[str, float], prices: PriceList) -> list[float]:
    """Seconds of each test.

    Where some are known and others are not, the guess is brought to the scale of this cluster: that of the tests
    that are known.
    """
    wanted = list(tests)
    guesses = [by_price(prices.of(test)) for test in wanted]
    both = [(known[test], guess) for test, guess in zip(wanted, guesses, strict=True) if test in known]
    scale = sum(seconds for seconds, _ in both) / sum(guess for _, guess in both) if both else 1.0
    return [known.get(test, scale * guess) for test, guess in zip(wanted, guesses, strict=True)]
