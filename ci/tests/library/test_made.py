"""What tests at the socket have made goes: asked again, after a pause, only where the driver is still at work."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.csi.calls import Answer, Code
from pytest_csi_snapshot.csi.inputs import Inputs
from pytest_csi_snapshot.csi.made import MadeThings
from pytest_csi_snapshot.csi.wire import csi_pb2


def answer(method: str, request: Any, response: Any, code: Code) -> Answer[Any]:
    return Answer(method, request, response, code, details="", began=0.0, seconds=0.0)


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [([Code.OK], []), ([Code.FAILED_PRECONDITION], []), ([Code.ABORTED, Code.UNAVAILABLE, Code.OK], [0.05, 0.1])],
)
def test_only_a_driver_that_is_still_at_work_is_given_time(
    answers: list[Code], pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("pytest_csi_snapshot.csi.made.time.sleep", slept.append)
    things, left = MadeThings(), list(answers)
    created = csi_pb2.CreateSnapshotResponse(snapshot=csi_pb2.Snapshot(snapshot_id="s-1"))
    things.note(answer("CreateSnapshot", csi_pb2.CreateSnapshotRequest(name="n"), created, Code.OK))

    def ask(request: Any) -> Answer[Any]:
        told = answer("DeleteSnapshot", request, csi_pb2.DeleteSnapshotResponse(), left.pop(0))
        things.note(told)
        return told

    stay = things.remove(ask, Inputs(), within=60.0)
    assert (bool(stay), left, slept) == (answers[-1] is not Code.OK, [], pauses)
