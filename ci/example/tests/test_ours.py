"""What our driver promises beyond the contract: a volume may be cut as often as one likes while it grows."""

from __future__ import annotations

from pytest_csi_snapshot.quantities import GI
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads.trees import Tree

SPRING, AUTUMN = Tree("spring"), Tree("autumn")


def test_each_cut_keeps_its_own_season(csi: Scenario) -> None:
    volume = csi.volume(GI)
    csi.write(volume, SPRING)
    in_spring = csi.ready_snapshot(volume)
    csi.expand(volume, 2 * GI)
    csi.write(volume, AUTUMN)
    csi.grown(volume, 2 * GI)
    in_autumn = csi.ready_snapshot(volume)
    assert csi.files(csi.restore(in_spring)) == SPRING.listing()
    assert csi.files(csi.restore(in_autumn)) == AUTUMN.listing()


def test_a_clone_begins_with_what_its_source_holds(csi: Scenario) -> None:
    volume = csi.volume()
    csi.write(volume, SPRING)
    clone = csi.clone(volume)
    csi.bound(clone)
    assert csi.files(clone) == SPRING.listing()


def test_a_snapshot_says_ready_once_and_for_all(csi: Scenario) -> None:
    """Every version of every object of the test is in the history, those that are over too."""
    snapshot = csi.ready_snapshot(csi.volume())
    told = [version.object.get("status", {}).get("readyToUse", False) for version in csi.versions(snapshot)]
    assert told == sorted(told)
