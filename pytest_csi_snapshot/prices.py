"""What tests cost a cluster: the volumes, snapshots and pods that each makes at most.

The table is measured, not estimated: every run counts what its tests make, a run of everything on the bundled
driver fills ``prices.json``, and CI compares each further one with it (``ci/measure_prices.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from importlib.resources import files

from pytest_csi_snapshot.collection import id_prefix
from pytest_csi_snapshot.sizes import Sizes


@dataclass(frozen=True)
class Price:
    """Counts. ``growths`` are the steps by which volumes exceed an ordinary one, all volumes together; the last
    two are the most that exist at one time, pods that have ended left out."""

    volumes: int = 0
    growths: int = 0
    snapshots: int = 0
    pods: int = 0
    volumes_at_once: int = 0
    pods_at_once: int = 0

    def bytes(self, sizes: Sizes) -> int:
        """What the volumes may take in all."""
        return self.volumes * sizes.ordinary + self.growths * sizes.growth

    def times(self, number: int) -> Price:
        """The same made so often."""
        return Price(*(number * each for each in astuple(self)))


NOTHING = Price()


def total(prices: Iterable[Price]) -> Price:
    """All of it; what exists at one time is of all of them at once."""
    return Price(*(sum(column) for column in zip(*map(astuple, prices), strict=True)))


def dearest(prices: Iterable[Price]) -> Price:
    """The most of each."""
    return Price(*(max(column) for column in zip(*map(astuple, prices), strict=True)))


@dataclass(frozen=True)
class PriceList:
    """``tests`` by id and ``shared`` by file: what a file's tests share is made once by each worker."""

    tests: Mapping[str, Price]
    shared: Mapping[str, Price]

    def of(self, nodeid: str) -> Price | None:
        """The price of a packaged test; of a variant that was never measured, that of the dearest one that was."""
        name = nodeid.removeprefix(id_prefix() + "/")
        if name in self.tests:
            return self.tests[name]
        function = name.partition("[")[0]
        others = [price for known, price in self.tests.items() if known.partition("[")[0] == function]
        return dearest(others) if others else None

    def in_all(self, nodeids: Sequence[str], workers: int) -> tuple[Price, int]:
        """The price of these tests on so many workers, and how many of them have none."""
        known = [(nodeid, price) for nodeid in nodeids if (price := self.of(nodeid)) is not None]
        prices = [price for _, price in known]
        for file, price in self.shared.items():
            users = sum(nodeid.removeprefix(id_prefix() + "/").partition("::")[0] == file for nodeid, _ in known)
            prices.append(price.times(min(users, workers)))
        return total(prices), len(nodeids) - len(known)


@cache
def price_list() -> PriceList:
    """The packaged table."""
    return read_prices(files("pytest_csi_snapshot").joinpath("prices.json").read_text("utf-8"))


def read_prices(text: str) -> PriceList:
    """The table from its text."""
    parts = ({key: Price(*row) for key, row in part.items()} for part in json.loads(text).values())
    return PriceList(*parts)
