"""Clean-up: everything, in order, and a leak by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from pytest_csi_snapshot.history import History, Version
from pytest_csi_snapshot.kube.kinds import NAMESPACE, POD, PVC, SNAPSHOT, SNAPSHOT_CLASS, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.ledger import CleanUpError, Handle, Ledger
from pytest_csi_snapshot.owning import OwnedClient

from .api import MemoryApi
from .objects import Json, Recorded, content

MARK = Mark("abcd", "gw0")
HOME = MARK.fresh()


class Test:
    """A ledger over an API server in memory."""

    __test__ = False

    def __init__(self) -> None:
        self.history = Recorded()
        self.api = MemoryApi(self.history)
        self.owned = OwnedClient(self.api, self.history, MARK)
        self.ledger = Ledger(self.owned, self.history, patience=0, release=0)

    def make(self, kind: Kind, name: str, **fields: Json) -> Handle:
        meta = {"name": name, "namespace": HOME} if kind.namespaced else {"name": name}
        return self.ledger.add(Handle.of(kind, self.owned.create(kind, {"metadata": meta, **fields})))

    def derive(self, *, driver: str = "d", policy: str = "Delete", finalizers: list[str] | None = None) -> str:
        """A content that a controller made for snapshot ``s``."""
        body = content("snapcontent", spec={"driver": driver, "deletionPolicy": policy})
        body["spec"]["volumeSnapshotRef"]["namespace"] = HOME
        body["metadata"]["finalizers"] = finalizers or []
        self.api.objects[SNAPSHOT_CONTENT, "", "snapcontent"] = body
        self.history.record(SNAPSHOT_CONTENT, "ADDED", body)
        return "snapcontent"


@pytest.fixture
def test() -> Test:
    return Test()


def test_things_go_in_the_order_in_which_a_cluster_lets_go_of_them(test: Test) -> None:
    for kind in (NAMESPACE, SNAPSHOT_CLASS, PVC, SNAPSHOT, POD):
        test.make(kind, "s")
    test.api.asked.clear()
    assert test.ledger.clean_up() == []
    order = ["Pod", "VolumeSnapshot", "PersistentVolumeClaim", "VolumeSnapshotClass", "Namespace"]
    assert test.api.asked == [f"delete {kind} s" for kind in order]
    assert test.api.objects == {}


def test_what_goes_as_the_clean_up_begins_to_listen_is_not_waited_for(
    test: Test, monkeypatch: pytest.MonkeyPatch
) -> None:
    test.make(PVC, "s")
    body = test.api.objects[PVC, HOME, "s"]
    body["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection"]
    listening = test.history.heard_by

    def late(listener: Callable[[Version], None]) -> AbstractContextManager[None]:
        if "deletionTimestamp" in body["metadata"]:
            test.history.record(PVC, "DELETED", body)
        return listening(listener)

    def at_once(_history: History, holds: Callable[[], object], **_words: object) -> object:
        assert holds(), "it waits for what is gone"
        return True

    monkeypatch.setattr(test.history, "heard_by", late)
    monkeypatch.setattr("pytest_csi_snapshot.ledger.wait_for", at_once)
    assert test.ledger.clean_up() == []


def test_an_emptied_namespace_may_stay(test: Test) -> None:
    for kind in (NAMESPACE, PVC):
        test.make(kind, "s")
    test.api.asked.clear()
    assert test.ledger.clean_up(namespaces=False) == []
    assert test.api.asked == ["delete PersistentVolumeClaim s"]


def test_a_restore_that_waits_goes_before_the_snapshot_that_it_holds(test: Test) -> None:
    test.make(SNAPSHOT, "s")
    test.make(PVC, "bound", spec={"dataSource": {"name": "s"}}, status={"phase": "Bound"})
    test.make(PVC, "waiting", spec={"dataSource": {"name": "s"}}, status={"phase": "Pending"})
    test.api.asked.clear()
    assert test.ledger.clean_up() == []
    order = ["PersistentVolumeClaim waiting", "VolumeSnapshot s", "PersistentVolumeClaim bound"]
    assert test.api.asked == [f"delete {each}" for each in order]


def test_what_stays_is_told_with_what_holds_it(test: Test) -> None:
    test.make(SNAPSHOT, "s")
    test.api.objects[SNAPSHOT, HOME, "s"]["metadata"]["finalizers"] = ["snapshot.storage.kubernetes.io/held"]
    test.history.record(SNAPSHOT, "MODIFIED", test.api.patch(SNAPSHOT, HOME, "s", {}))
    leaks = test.ledger.clean_up()
    assert len(leaks) == 1
    assert f"VolumeSnapshot {HOME}/s" in leaks[0].text


def test_retained_content_is_deleted_with_its_backend_snapshot(test: Test) -> None:
    test.make(SNAPSHOT, "s")
    name = test.derive(policy="Retain")
    assert test.ledger.clean_up() == []
    first, *rest = [ask for ask in test.api.asked if name in ask]
    assert first == f"patch VolumeSnapshotContent {name} {{'spec': {{'deletionPolicy': 'Delete'}}}}"
    assert f"delete VolumeSnapshotContent {name}" in rest


def test_borrowed_content_keeps_its_policy(test: Test) -> None:
    spec = {"driver": "d", "deletionPolicy": "Retain", "volumeSnapshotRef": {"namespace": HOME, "name": "x"}}
    test.ledger.borrowed.add(test.make(SNAPSHOT_CONTENT, "borrowed", spec=spec).uid)
    assert test.ledger.clean_up() == []
    assert not [ask for ask in test.api.asked if "deletionPolicy" in ask]


def test_content_of_a_driver_that_does_not_exist_is_freed_by_hand(test: Test) -> None:
    test.make(SNAPSHOT, "s")
    test.derive(driver="nobody", finalizers=["held"])
    test.ledger.forsaken.add("nobody")
    assert test.ledger.clean_up() == []


def test_snapshot_held_by_such_a_content_goes_as_soon_as_that_is_freed(test: Test) -> None:
    test.make(SNAPSHOT, "s")
    name = test.derive(driver="nobody", finalizers=["held"])
    test.ledger.forsaken.add("nobody")
    test.api.delete(SNAPSHOT_CONTENT, None, name)
    test.api.patch(SNAPSHOT_CONTENT, None, name, {})
    test.api.asked.clear()
    assert test.ledger.clean_up() == []
    assert [ask for ask in test.api.asked if name in ask] == [
        f"patch VolumeSnapshotContent {name} {{'metadata': {{'finalizers': None}}}}"
    ]


def test_content_of_a_driver_that_exists_is_never_freed_by_hand(test: Test) -> None:
    test.make(SNAPSHOT, "s")
    test.derive(finalizers=["held"])
    assert ["VolumeSnapshotContent snapcontent" in leak.text for leak in test.ledger.clean_up()] == [True]
    assert not [ask for ask in test.api.asked if "finalizers" in ask]


def test_a_volume_has_the_time_in_which_the_control_plane_learns_of_its_last_pod(
    test: Test, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("pytest_csi_snapshot.ledger.wait_for", lambda *_, within, **__: waits.append(within))
    ledger = Ledger(test.owned, test.history, patience=30, release=105)
    assert ledger.clean_up() == []
    assert waits[-1] == 105
    assert max(waits[:-1]) == 30


def test_who_hurries_waits_less_and_never_longer(test: Test, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("pytest_csi_snapshot.ledger.wait_for", lambda *_, within, **__: waits.append(within))
    ledger = Ledger(test.owned, test.history, patience=2, release=105)
    ledger.hurry(3)
    assert ledger.clean_up() == []
    assert (max(waits[:-1]), waits[-1]) == (2, 3)


def test_a_refusal_does_not_keep_the_rest_from_going(test: Test) -> None:
    for kind in (NAMESPACE, SNAPSHOT_CLASS, PVC, SNAPSHOT):
        test.make(kind, "s")
    test.api.failures = [ApiError("DELETE", "/s", 403, {"reason": "Forbidden", "message": "no"})]
    with pytest.raises(CleanUpError, match="Forbidden: no; left behind: VolumeSnapshot"):
        test.ledger.clean_up()
    assert {kind for kind, _, _ in test.api.objects} == {SNAPSHOT}


def test_nor_does_a_server_that_is_away_for_one_of_them(test: Test, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (NAMESPACE, PVC, SNAPSHOT):
        test.make(kind, "s")
    delete = test.owned.delete

    def away(kind: Kind, *words: Any, **options: Any) -> None:
        if kind == SNAPSHOT:
            raise ApiUnreachableError("DELETE", "/s", ConnectionError("reset"))
        delete(kind, *words, **options)

    monkeypatch.setattr(test.owned, "delete", away)
    with pytest.raises(CleanUpError, match="reset; left behind: VolumeSnapshot"):
        test.ledger.clean_up()
    assert {kind for kind, _, _ in test.api.objects} == {SNAPSHOT}


def test_patience_is_for_the_next_object_not_for_all_of_them(test: Test) -> None:
    """Each snapshot goes 3 s after the one before it, and the patience is 5 s: ten of them take half a minute."""
    ledger = Ledger(test.owned, test.history, patience=5, release=5)
    for number in range(10):
        handle = test.make(SNAPSHOT, f"s{number}")
        test.api.objects[SNAPSHOT, HOME, handle.name]["metadata"]["finalizers"] = ["held"]
        ledger.add(handle)

    def let_go(_seconds: float | None = None) -> bool:
        """What happens whenever somebody waits."""
        left = sorted(name for kind, _, name in test.api.objects if kind == SNAPSHOT)
        test.history.now += 3
        if left:
            test.history.record(SNAPSHOT, "DELETED", test.api.objects.pop((SNAPSHOT, HOME, left[0])))
        return True

    test.history.arrival.wait = let_go  # type: ignore[assignment, method-assign]
    assert ledger.clean_up() == []
    assert test.history.now >= 30


def test_what_does_not_move_is_a_leak_when_patience_is_over(test: Test) -> None:
    ledger = Ledger(test.owned, test.history, patience=5, release=5)
    handle = ledger.add(test.make(SNAPSHOT, "s"))
    test.api.objects[SNAPSHOT, HOME, handle.name]["metadata"]["finalizers"] = ["held"]

    def nothing_happens(seconds: float | None = None) -> bool:
        test.history.now += seconds or 0
        return False

    test.history.arrival.wait = nothing_happens  # type: ignore[assignment, method-assign]
    assert len(ledger.clean_up()) == 1
