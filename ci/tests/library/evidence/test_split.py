"""Where the time goes: every moment once, by the one who was waited for."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.evidence.split import Arrival, Charge, charges_of_wait, split
from pytest_csi_snapshot.report.model import Seconds


def parts(seconds: Seconds) -> float:
    return seconds.driver + seconds.controller + seconds.kubelet + seconds.cluster + seconds.harness


def test_what_nobody_answers_for_is_the_harness() -> None:
    assert split(0, 2, []) == Seconds(total=2, harness=2)


def test_the_first_of_overlapping_charges_counts_and_the_sum_is_the_whole() -> None:
    found = split(0, 10, [Charge(2, 4, "cluster"), Charge(1, 8, "driver"), Charge(7, 9, "kubelet")])
    assert found == Seconds(total=10, cluster=2, driver=5, kubelet=1, harness=2)
    assert parts(found) == pytest.approx(found.total)


def test_what_lies_outside_the_test_is_not_counted() -> None:
    found = split(10, 12, [Charge(5, 11, "driver"), Charge(11.5, 20, "cluster")])
    assert found == Seconds(total=2, driver=1, cluster=0.5, harness=0.5)


def test_a_wait_is_charged_piece_by_piece_up_to_what_ended_it() -> None:
    arrivals = [Arrival(0.5, "kubelet"), Arrival(2, "controller"), Arrival(5, "driver"), Arrival(9, "cluster")]
    assert charges_of_wait(1, 6, arrivals, "controller") == [
        Charge(1, 2, "controller"),
        Charge(2, 5, "driver"),
        Charge(5, 6, "controller"),
    ]


def test_a_wait_for_what_is_there_costs_nobody_anything() -> None:
    assert charges_of_wait(3, 3, [Arrival(1, "driver")], "driver") == []


def test_a_wait_in_vain_is_charged_to_who_was_to_come() -> None:
    assert charges_of_wait(0, 30, [], "driver") == [Charge(0, 30, "driver")]
