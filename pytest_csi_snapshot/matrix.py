"""The variants in which a test of the matrix runs: combinations of what the driver is declared to offer.

Every pair of values of two axes meets in some variant, unless all combinations are asked for: most faults need one
value or two of them, and a full product takes too long for every day. The order is the same in every process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from pytest_csi_snapshot.profiles import Profile

PAIRS, FULL = "pairs", "full"
MATRICES = (PAIRS, FULL)


@dataclass(frozen=True)
class Variant:
    """One combination. ``fs_type`` is "" in Block mode, and where the StorageClass decides."""

    mode: str
    fs_type: str
    access: str
    policy: str
    binding: str
    source: str

    def __str__(self) -> str:
        """The part of a test's id: ``Filesystem-xfs-ReadWriteOnce-Delete-Immediate-detached``."""
        return "-".join(part for part in self.values if part)

    @property
    def values(self) -> tuple[str, ...]:
        """The values of all axes, in their order."""
        return (self.mode, self.fs_type, self.access, self.policy, self.binding, self.source)


def variants(profile: Profile, matrix: str = PAIRS) -> list[Variant]:
    """The variants of a profile, all of them or enough for every pair."""
    axes = profile.axes
    everything = [
        Variant(mode, fs_type, access, policy, binding, source)
        for mode in axes["volumeModes"]
        for fs_type in (("",) if mode == "Block" else axes["fsTypes"] or ("",))
        for access, policy, binding, source in product(
            axes["accessModes"], axes["deletionPolicies"], axes["bindingModes"], axes["sources"]
        )
    ]
    return everything if matrix == FULL else list(_covering(everything))


def _covering(everything: Sequence[Variant]) -> Iterator[Variant]:
    """A few of these in which every pair meets that meets in any: each time the one with most pairs that lack."""
    lacking = {pair for variant in everything for pair in _pairs(variant)}
    while lacking:
        best = max(everything, key=lambda variant: len(lacking.intersection(_pairs(variant))))
        lacking.difference_update(_pairs(best))
        yield best


def _pairs(variant: Variant) -> set[tuple[tuple[int, str], ...]]:
    return set(combinations(enumerate(variant.values), 2))
