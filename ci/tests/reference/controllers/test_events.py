"""Events: where they lie, that repeats are counted, that floods are cut off."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError, ApiUnreachableError
from pytest_csi_snapshot.reference_impl.controllers.kube.events import NORMAL, WARNING, Budget, Recorder
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import EVENT, PV, PVC, Kind

from .fake_kube import FakeKube


def sent(kube: FakeKube) -> list[dict[str, Any]]:
    return list(kube.list(EVENT)["items"])


def recorder(kube: FakeKube) -> Recorder:
    made = Recorder(kube, "csi-tester")  # type: ignore[arg-type]
    made.start()
    return made


def test_an_event_names_its_object_and_its_source() -> None:
    kube = FakeKube()
    claim = kube.create(PVC, {"metadata": {"name": "c", "namespace": "ns"}})
    events = recorder(kube)
    events.event(claim, WARNING, "ProvisioningFailed", "no room")
    events.stop(10)
    (event,) = sent(kube)
    assert event["metadata"]["namespace"] == "ns"
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "ProvisioningFailed", "no room")
    assert event["involvedObject"]["uid"] == claim["metadata"]["uid"]
    assert event["source"] == {"component": "csi-tester"}


def test_events_of_cluster_scoped_objects_lie_in_default() -> None:
    kube = FakeKube()
    volume = kube.create(PV, {"metadata": {"name": "v"}})
    events = recorder(kube)
    events.event(volume, NORMAL, "Reason", "text")
    events.stop(10)
    assert sent(kube)[0]["metadata"]["namespace"] == "default"


def test_a_repeated_event_is_counted_and_another_text_is_another_event() -> None:
    kube = FakeKube()
    volume = kube.create(PV, {"metadata": {"name": "v"}})
    events = recorder(kube)
    for text in ("a", "a", "b", "a"):
        events.event(volume, WARNING, "Reason", text)
    events.stop(10)
    assert sorted((event["message"], event["count"]) for event in sent(kube)) == [("a", 3), ("b", 1)]


def test_an_object_that_floods_is_cut_off() -> None:
    kube = FakeKube()
    volume, other = (kube.create(PV, {"metadata": {"name": name}}) for name in ("v", "w"))
    events = recorder(kube)
    for number in range(40):
        events.event(volume, WARNING, "Reason", f"text {number}")
    events.event(other, WARNING, "Reason", "still heard")
    events.stop(10)
    about = [event["involvedObject"]["name"] for event in sent(kube)]
    assert (about.count("v"), about.count("w")) == (25, 1)


def test_a_budget_grows_by_one_in_five_minutes() -> None:
    budget = Budget(now=0)
    assert [budget.spend(0) for _ in range(26)] == [True] * 25 + [False]
    assert not budget.spend(299)
    assert budget.spend(301)
    assert not budget.spend(302)


def test_flush_returns_when_the_events_of_before_are_there() -> None:
    kube = FakeKube()
    volume = kube.create(PV, {"metadata": {"name": "v"}})
    events = recorder(kube)
    events.event(volume, NORMAL, "Reason", "text")
    events.flush(10)
    assert len(sent(kube)) == 1
    events.stop(10)


class Away(FakeKube):
    """An API server that fails the next creations, each with or without having made the event."""

    def __init__(self, *failures: tuple[Exception, bool]) -> None:
        super().__init__()
        self.failures = list(failures)

    def create(self, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
        if kind == EVENT and self.failures:
            error, served = self.failures.pop(0)
            if served:
                super().create(kind, body)
            raise error
        return super().create(kind, body)


@pytest.mark.parametrize("served", [False, True])
def test_an_event_outlives_an_api_server_that_is_away(served: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_csi_snapshot.reference_impl.controllers.kube.events._PAUSES_S", (0.0,) * 3)
    kube = Away((ApiUnreachableError("reset"), served), (ApiError(503, "starting"), False))
    volume = kube.create(PV, {"metadata": {"name": "v"}})
    events = recorder(kube)
    events.event(volume, WARNING, "Reason", "text")
    events.flush(10)
    assert [event["message"] for event in sent(kube)] == ["text"]
    events.stop(10)


def test_an_event_that_is_refused_is_not_sent_again() -> None:
    kube = Away((ApiError(403, "no"), False))
    volume = kube.create(PV, {"metadata": {"name": "v"}})
    events = recorder(kube)
    events.event(volume, WARNING, "Reason", "refused")
    events.event(volume, WARNING, "Reason", "next")
    events.stop(10)
    assert [event["message"] for event in sent(kube)] == ["next"]
