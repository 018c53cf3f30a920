"""What versions of objects mean, told from their states."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.html.meanings import MEANINGS, meanings, told


@pytest.mark.parametrize(
    ("change", "state", "meaning"),
    [
        ("ADDED", "no status", "created"),
        ("MODIFIED", "readyToUse false, bound to snapcontent-1", "changed"),
        ("MODIFIED", "readyToUse true, bound to snapcontent-1", "ready"),
        ("MODIFIED", "readyToUse true, terminating, finalizers ['a']", "terminating"),
        ("MODIFIED", "readyToUse false, error: no space", "error"),
        ("MODIFIED", "Bound, capacity 1Gi of 1Gi", "ready"),
        ("MODIFIED", "Pending, PodScheduled: nowhere", "changed"),
        ("MODIFIED", "Running, running, ready", "ready"),
        ("MODIFIED", "Running, running", "changed"),
        ("MODIFIED", "Succeeded, terminated Completed 0", "ready"),
        ("MODIFIED", "Pending, waiting ImagePullBackOff", "error"),
        ("MODIFIED", "", ""),
        ("DELETED", "gone", "gone"),
        ("DELETED", "readyToUse true", "gone"),
    ],
)
def test_states(change: str, state: str, meaning: str) -> None:
    assert told(change, state) == meaning
    assert meaning in (*MEANINGS, "")


def test_the_first_version_is_a_creation_whatever_its_state() -> None:
    marks = [("ADDED", "Bound, capacity 1Gi of 1Gi"), ("MODIFIED", ""), ("DELETED", "gone")]
    assert meanings(marks) == ["created", "", "gone"]
    assert meanings([("MODIFIED", "Bound, capacity 1Gi of 1Gi")]) == ["ready"]
