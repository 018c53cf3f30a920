"""Data in a stress test: written into a few volumes, and read back from a few of what was made of them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.stress.crowd import Member
from pytest_csi_snapshot.workloads.trees import Tree

SAMPLE = 8
"""Restores and clones whose data is read: each takes a pod, whatever N is."""


def write_all(csi: Scenario, claims: Sequence[Handle], tree: Tree) -> None:
    """Write a tree into every one of some volumes, side by side."""
    for writer in [csi.start_write(claim, tree) for claim in claims]:
        csi.answer(writer)


def sample_of(members: Sequence[Member], number: int = SAMPLE) -> list[Member]:
    """The first, the last, and some evenly between them."""
    if len(members) <= number:
        return list(members)
    return [members[place * (len(members) - 1) // (number - 1)] for place in range(number)]


def read_all(csi: Scenario, clause: str, claims: Sequence[tuple[Handle, Tree]]) -> None:
    """Check that each of these claims holds its tree, side by side."""
    readers = [(csi.start_read(claim), claim, tree) for claim, tree in claims]
    for reader, claim, tree in readers:
        csi.holds(clause, tree, csi.answer(reader, clause), claim)
