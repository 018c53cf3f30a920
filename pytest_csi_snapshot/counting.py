"""Counts what a test has made, from its ledger and the history: the price that it had this time."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_csi_snapshot.conditions import request_of, status_of
from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.kinds import POD, PVC, SNAPSHOT
from pytest_csi_snapshot.ledger import Ledger
from pytest_csi_snapshot.prices import Price
from pytest_csi_snapshot.sizes import Sizes

SHARED: list[Price] = []
"""What was made for several tests and not told by a report yet."""


def price_of(ledger: Ledger, history: History, sizes: Sizes) -> Price:
    """The price of a test whose objects are still in the history."""
    claims = [history.versions(handle.uid) for handle in ledger.handles if handle.kind == PVC]
    pods = [history.versions(handle.uid) for handle in ledger.handles if handle.kind == POD]
    return Price(
        volumes=len(claims),
        growths=sum(_growths(versions, sizes) for versions in claims),
        snapshots=len(ledger.made(SNAPSHOT)),
        pods=len(pods),
        volumes_at_once=at_once(claims),
        pods_at_once=at_once(pods),
    )


def at_once(objects: Iterable[list[Version]]) -> int:
    """How many of these existed at one time; a pod that has ended holds nothing any more."""
    turns: list[tuple[int, int]] = []
    for versions in objects:
        if versions:
            turns.append((versions[0].position, 1))
            turns += [(version.position, -1) for version in versions if _over(version)][:1]
    count = most = 0
    for _, step in sorted(turns):
        count += step
        most = max(most, count)
    return most


def _over(version: Version) -> bool:
    ended = version.kind == POD and status_of(version.object).get("phase") in ("Succeeded", "Failed")
    return version.deleted or ended


def _growths(versions: Iterable[Version], sizes: Sizes) -> int:
    largest = max((request_of(version.object) for version in versions), default=0)
    return max(0, -(-(largest - sizes.ordinary) // sizes.growth))
