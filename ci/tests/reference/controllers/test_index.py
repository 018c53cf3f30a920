"""Objects of a cache by what they say: as the watch says, over it what we wrote, and nothing that is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import collection as collection_module
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.kube.index import Index
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import PVC
from pytest_csi_snapshot.reference_impl.controllers.provisioner.cluster import DataSource, awaited

from .fake_kube import FakeKube, status_error

Json = dict[str, Any]

SNAPSHOT = DataSource("VolumeSnapshot", "ns/s")
OTHER = DataSource("VolumeSnapshot", "ns/other")


def from_snapshot(name: str, source: str = "s") -> Json:
    wanted = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": source}
    return {"metadata": {"name": name, "namespace": "ns"}, "spec": {"dataSource": wanted}}


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


@pytest.fixture
def claims(kube: FakeKube) -> Iterator[Claims]:
    collection = Claims(kube)
    yield collection
    collection.stop()


class Claims(Collection):
    """The provisioner's claims, and who of them waits for a source; ``until`` waits for such an answer."""

    def __init__(self, kube: FakeKube) -> None:
        super().__init__(kube, PVC)  # type: ignore[arg-type]
        self._told = threading.Condition()
        self.on_change(self._changed)

    def run(self) -> None:
        self.start()
        assert self.synced.wait(10)

    def waiting(self, source: DataSource = SNAPSHOT) -> list[str]:
        return [objects.name(claim) for claim in self.by(awaited, source)]

    def until(self, names: list[str], source: DataSource = SNAPSHOT) -> None:
        with self._told:
            assert self._told.wait_for(lambda: self.waiting(source) == names, 10), self.waiting(source)

    def _changed(self, _before: Json | None, _after: Json | None) -> None:
        with self._told:
            self._told.notify_all()


def test_what_was_there_before_the_first_question_and_what_came_after(kube: FakeKube, claims: Claims) -> None:
    kube.create(PVC, from_snapshot("a"))
    kube.create(PVC, from_snapshot("else", "other"))
    kube.create(PVC, {"metadata": {"name": "plain", "namespace": "ns"}, "spec": {}})
    claims.run()
    assert claims.waiting() == ["a"]
    kube.create(PVC, from_snapshot("b"))
    claims.until(["a", "b"])
    assert claims.waiting(OTHER) == ["else"]


def test_a_claim_that_has_its_volume_waits_no_longer(kube: FakeKube, claims: Claims) -> None:
    made = kube.create(PVC, from_snapshot("a"))
    claims.run()
    assert claims.waiting() == ["a"]
    kube.replace(PVC, {**made, "spec": {**made["spec"], "volumeName": "pv-a"}})
    claims.until([])


def test_a_claim_that_is_gone_waits_no_longer_and_its_namesake_waits_for_its_own_source(
    kube: FakeKube, claims: Claims
) -> None:
    made = kube.create(PVC, from_snapshot("a"))
    claims.run()
    assert claims.waiting() == ["a"]
    kube.delete(PVC, "ns", "a", uid=objects.uid(made))
    claims.until([])
    kube.create(PVC, from_snapshot("a", "other"))
    claims.until(["a"], OTHER)
    assert claims.waiting() == []
    again = kube.peek(PVC, "ns/a")
    assert again is not None
    assert claims.by(awaited, OTHER) == [again]


def test_an_own_write_counts_before_the_watch_delivers_it(kube: FakeKube, claims: Claims) -> None:
    made = kube.create(PVC, from_snapshot("a"))
    claims.run()
    assert claims.waiting() == ["a"]

    def fill(draft: Json) -> bool:
        draft["spec"]["volumeName"] = "pv-a"
        return True

    with kube.changed:  # the watch does not hear of it
        claims.edit(made, fill)
        assert claims.waiting() == []


def test_an_own_write_counts_in_the_version_that_was_written(kube: FakeKube, claims: Claims) -> None:
    made = kube.create(PVC, from_snapshot("a"))
    claims.run()
    assert claims.waiting() == ["a"]
    with kube.changed:
        written = claims.edit(made, lambda draft: objects.add_finalizer(draft, "f"))
        assert claims.by(awaited, SNAPSHOT) == [written]


def test_what_went_and_came_in_a_gap_of_the_watch(
    kube: FakeKube, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection_module, "_REFUSED_S", (0.0, 0.0))
    gone = kube.create(PVC, from_snapshot("gone"))
    claims.run()
    assert claims.waiting() == ["gone"]
    watch, broken = kube.watch, threading.Event()

    def too_old(*args: Any, **query: Any) -> Any:
        if broken.is_set():
            return watch(*args, **query)
        kube.delete(PVC, "ns", "gone", uid=objects.uid(gone))
        kube.create(PVC, from_snapshot("new"))
        kube.log.clear()
        broken.set()
        raise status_error(410, "Expired")

    kube.watch = too_old  # type: ignore[method-assign]
    assert claims._watch is not None  # noqa: SLF001 - the one way to break the connection
    claims._watch.stop()  # noqa: SLF001
    claims.until(["new"])


def test_questions_while_claims_come_and_go_are_answered_from_one_state(kube: FakeKube, claims: Claims) -> None:
    """Every answer is true of some moment: no claim without its object, and in the end none too many."""
    claims.run()
    ended, wrong = threading.Event(), list[BaseException]()

    def ask() -> None:
        try:
            while not ended.is_set():
                assert set(claims.waiting()) <= {"a", "b"}
        except BaseException as error:
            wrong.append(error)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for _ in range(50):
        made = [kube.create(PVC, from_snapshot(name)) for name in ("a", "b")]
        for claim in made:
            kube.delete(PVC, "ns", objects.name(claim), uid=objects.uid(claim))
    kube.create(PVC, from_snapshot("b"))
    kube.create(PVC, from_snapshot("a"))
    claims.until(["b", "a"])
    ended.set()
    for asker in askers:
        asker.join(10)
    assert wrong == []


def test_an_index_keeps_nothing_of_what_is_gone() -> None:
    index = Index(lambda obj: obj["says"])
    index.put("a", {"says": ["x", "y", "x"]})
    index.put("b", {"says": ["x"]})
    assert (index.keys("x"), index.keys("y")) == (("a", "b"), ("a",))
    index.put("a", {"says": ["x"]})
    assert (index.keys("x"), index.keys("y")) == (("a", "b"), ())
    index.put("a", None)
    index.put("b", {"says": []})
    assert vars(index)["_keys"] == vars(index)["_values"] == {}


def test_a_namespace_is_asked_for_as_everything_else(kube: FakeKube, claims: Claims) -> None:
    kube.create(PVC, from_snapshot("a"))
    claims.run()
    assert [objects.name(claim) for claim in claims.all("ns")] == ["a"]
    assert claims.all("elsewhere") == []
    assert len(claims.all()) == 1
