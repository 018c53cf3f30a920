"""What of a test's objects existed at one time."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.counting import at_once
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import POD, PVC

from .objects import claim, meta


def pod(name: str, phase: str) -> dict[str, Any]:
    return {"metadata": meta(name, namespace="ns"), "status": {"phase": phase}}


def test_objects_that_follow_each_other_are_one_at_a_time() -> None:
    history = History()
    for name in ("a", "b"):
        history.record(PVC, "ADDED", claim(name))
        history.record(PVC, "DELETED", claim(name))
    assert at_once(history.objects(PVC)) == 1


def test_objects_side_by_side_are_counted_at_the_fullest_moment() -> None:
    history = History()
    for name in ("a", "b", "c"):
        history.record(PVC, "ADDED", claim(name))
    history.record(PVC, "DELETED", claim("a"))
    history.record(PVC, "ADDED", claim("d"))
    assert at_once(history.objects(PVC)) == 3


def test_a_pod_that_has_ended_holds_nothing_any_more() -> None:
    history = History()
    history.record(POD, "ADDED", pod("a", "Pending"))
    history.record(POD, "MODIFIED", pod("a", "Succeeded"))
    history.record(POD, "ADDED", pod("b", "Running"))
    assert at_once(history.objects(POD)) == 1
