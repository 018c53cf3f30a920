"""Events of the node: none is lost because the API server was away, and none is written twice."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.fixtures.node.events import WARNING, Recorder
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

Json = dict[str, Any]
POD = {"kind": "Pod", "name": "p", "namespace": "ns", "uid": "u"}


class Events(KubeClient):
    """Keeps what is created; ``failures`` are raised first, with whether the event was made all the same."""

    def __init__(self, *failures: tuple[Exception, bool]) -> None:
        self.failures = list(failures)
        self.kept: dict[str, Json] = {}

    def create(self, _kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        assert not dry_run
        error, served = self.failures.pop(0) if self.failures else (None, True)
        name = body["metadata"]["name"]
        if name in self.kept:
            raise ApiError("POST", name, 409, {"reason": "AlreadyExists"})
        if served:
            self.kept[name] = body
        if error:
            raise error
        return body


@pytest.mark.parametrize("served", [False, True])
def test_an_event_outlives_an_api_server_that_is_away(served: bool) -> None:
    gone = ApiUnreachableError("POST", "/", ConnectionError("reset"))
    api = Events((gone, served))
    recorder = Recorder(api, "node-1")
    recorder.record(POD, WARNING, "FailedMount", "no")
    recorder.close()
    assert [event["message"] for event in api.kept.values()] == ["no"]


def test_an_event_that_is_refused_holds_up_no_other() -> None:
    api = Events((ApiError("POST", "/", 403, "the namespace is ending"), False))
    recorder = Recorder(api, "node-1")
    recorder.record(POD, WARNING, "FailedMount", "refused")
    recorder.record(POD, WARNING, "FailedMount", "next")
    recorder.close()
    assert [event["message"] for event in api.kept.values()] == ["next"]
