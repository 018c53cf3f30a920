"""The sizes of a run's volumes: as small as the driver makes them, grown by as little as it grows them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_csi_snapshot.quantities import GI, MI

LEAST = GI
"""Bytes of a volume where nobody said anything: what every driver can make without rounding it up."""


@dataclass(frozen=True)
class Sizes:
    """In bytes. ``least`` 0 is "not said"; ``step`` divides all sizes, 1 for any size; ``limit`` 0 is none."""

    least: int = 0
    step: int = 1
    limit: int = 0

    @property
    def ordinary(self) -> int:
        """A volume where the test does not care."""
        return self.whole(self.least or LEAST)

    @property
    def small(self) -> int:
        """A volume of which all bytes are read; an ordinary one where the driver is known to make none smaller."""
        return self.ordinary if self.least else self.whole(64 * MI)

    @property
    def growth(self) -> int:
        """By how much tests grow an ordinary volume at a time."""
        return self.whole(self.ordinary // 2)

    @property
    def larger(self) -> int:
        """An ordinary volume after one step of growth."""
        return self.ordinary + self.growth

    @property
    def largest(self) -> int:
        """An ordinary volume after two."""
        return self.ordinary + 2 * self.growth

    def with_least(self, found: int) -> Sizes:
        """These sizes, from a least one that was found out where none is declared."""
        return self if self.least else replace(self, least=found)

    def whole(self, size: int) -> int:
        """A size, rounded up to steps."""
        return -(-size // self.step) * self.step

    def exceeded_by(self, size: int) -> bool:
        """Whether a volume would be larger than it may be."""
        return bool(self.limit) and size > self.limit
