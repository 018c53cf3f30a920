"""The cache: what the watch says, what we wrote ourselves, conflicts, gaps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube import collection as collection_module
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import PV, SNAPSHOT_CONTENT, Kind

from .fake_kube import FakeKube, status_error

Json = dict[str, Any]


def body(name: str, **labels: str) -> Json:
    return {"metadata": {"name": name, "labels": labels}, "spec": {}}


class Seen:
    """Changes as a handler gets them; ``until`` waits for one."""

    def __init__(self) -> None:
        self.changes: list[tuple[str | None, str | None]] = []
        self._arrived = threading.Condition()

    def __call__(self, before: Json | None, after: Json | None) -> None:
        with self._arrived:
            self.changes.append((_label(before), _label(after)))
            self._arrived.notify_all()

    def until(self, change: tuple[str | None, str | None]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: change in self.changes, 10), self.changes


def _label(obj: Json | None) -> str | None:
    return None if obj is None else str(obj["metadata"]["labels"].get("v", "-"))


@pytest.fixture
def kube() -> FakeKube:
    return FakeKube()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def volumes(kube: FakeKube, seen: Seen) -> Iterator[Collection]:
    collection = Collection(kube, PV)  # type: ignore[arg-type]
    collection.on_change(seen)
    yield collection
    collection.stop()


def start(collection: Collection) -> None:
    collection.start()
    assert collection.synced.wait(10)


def label(value: str) -> Any:
    def change(draft: Json) -> bool:
        draft["metadata"]["labels"] = {"v": value}
        return True

    return change


def test_changes_are_reported_with_before_and_after(kube: FakeKube, volumes: Collection, seen: Seen) -> None:
    made = kube.create(PV, body("a", v="1"))
    start(volumes)
    seen.until((None, "1"))
    kube.replace(PV, {**made, "metadata": {**made["metadata"], "labels": {"v": "2"}}})
    seen.until(("1", "2"))
    kube.delete(PV, None, "a", uid=objects.uid(made))
    seen.until(("2", None))
    assert volumes.get("a") is None


def test_an_own_write_is_visible_before_the_watch_delivers_it(kube: FakeKube, volumes: Collection) -> None:
    made = kube.create(PV, body("a", v="1"))
    start(volumes)
    kube.log.clear()  # the watch stays silent from now on
    volumes.edit(made, label("2"))
    kube.log.clear()
    assert _label(volumes.get("a")) == "2"


def test_what_the_watch_has_not_delivered_yet_is_found_by_asking(kube: FakeKube, volumes: Collection) -> None:
    start(volumes)
    with kube.changed:  # the watch does not hear of it
        kube.create(PV, body("a", v="1"))
        kube.log.clear()
    assert volumes.get("a") is None
    assert _label(volumes.find("a")) == "1"
    assert _label(volumes.get("a")) == "1"
    assert volumes.find("b") is None


def test_a_list_is_read_page_by_page(kube: FakeKube, volumes: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer is small: of all objects at once a busy server would send none in time."""
    asked, every = list[dict[str, str]](), kube.list
    for name in ("a", "b", "c"):
        kube.create(PV, body(name))

    def paged(kind: Kind, namespace: str | None = None, **query: str) -> Json:
        asked.append(query)
        assert not volumes.synced.is_set()
        assert volumes.served.is_set() is (len(asked) > 1)
        answer, at = every(kind, namespace), len(asked) - 1
        more = {"continue": f"page-{len(asked)}"} if at < 2 else {}
        return {"metadata": {**answer["metadata"], **more}, "items": answer["items"][at : at + 1]}

    monkeypatch.setattr(kube, "list", paged)
    start(volumes)
    assert sorted(objects.name(volume) for volume in volumes.all()) == ["a", "b", "c"]
    assert [query.get("continue") for query in asked] == [None, "page-1", "page-2"]
    assert {query["limit"] for query in asked} == {"500"}


def test_handlers_compare_what_the_watch_said_not_what_we_wrote(
    kube: FakeKube, volumes: Collection, seen: Seen
) -> None:
    made = kube.create(PV, body("a", v="1"))
    start(volumes)
    volumes.edit(made, label("2"))
    seen.until(("1", "2"))
    assert ("2", "2") not in seen.changes


def test_a_deleted_object_does_not_come_back_by_the_answer_to_our_write(
    kube: FakeKube, volumes: Collection, seen: Seen
) -> None:
    made = kube.create(
        PV, {**body("a", v="1"), "metadata": {"name": "a", "labels": {"v": "1"}, "finalizers": ["f"]}}
    )
    start(volumes)
    kube.delete(PV, None, "a", uid=objects.uid(made))
    replace = kube.replace

    def slow_answer(kind: Any, body: Json, *, subresource: str | None = None) -> Json:
        answer = replace(kind, body, subresource=subresource)
        seen.until(("1", None))
        return answer

    kube.replace = slow_answer  # type: ignore[method-assign]
    volumes.edit(made, lambda draft: objects.drop_finalizers(draft, "f"))
    assert volumes.get("a") is None


def test_a_conflict_is_retried_on_the_fresh_object(kube: FakeKube, volumes: Collection) -> None:
    stale = kube.create(PV, body("a", v="1"))
    kube.replace(PV, {**stale, "spec": {"added": "by another"}})
    written = volumes.edit(stale, label("2"))
    assert (written["spec"], _label(written)) == ({"added": "by another"}, "2")


def test_a_write_that_never_succeeds_raises_the_conflict(kube: FakeKube, volumes: Collection) -> None:
    made = kube.create(PV, body("a"))

    def refuse(*_args: Any, **_options: Any) -> Json:
        raise status_error(409, "Conflict")

    kube.replace = refuse  # type: ignore[method-assign]
    with pytest.raises(ApiError) as caught:
        volumes.edit(made, label("2"))
    assert caught.value.conflict


def test_nothing_is_written_where_nothing_changes(kube: FakeKube, volumes: Collection) -> None:
    made = kube.create(PV, body("a"))
    assert volumes.edit(made, lambda _draft: False) == made
    assert [verb for verb, _, _ in kube.requests] == ["create"]


def test_a_recreated_object_is_not_edited_in_the_name_of_the_old(kube: FakeKube, volumes: Collection) -> None:
    old = kube.create(PV, body("a"))
    kube.delete(PV, None, "a", uid=objects.uid(old))
    kube.create(PV, body("a"))
    with pytest.raises(ApiError) as caught:
        volumes.edit(old, label("2"))
    assert caught.value.not_found


def test_after_a_gap_the_difference_is_reported(kube: FakeKube, volumes: Collection, seen: Seen) -> None:
    gone = kube.create(PV, body("gone", v="1"))
    start(volumes)
    seen.until((None, "1"))
    watch = kube.watch
    broken = threading.Event()

    def too_old(*args: Any, **query: Any) -> Any:
        if broken.is_set():
            return watch(*args, **query)
        kube.create(PV, body("new", v="2"))
        kube.delete(PV, None, "gone", uid=objects.uid(gone))
        kube.log.clear()
        broken.set()
        raise status_error(410, "Expired")

    kube.watch = too_old  # type: ignore[method-assign]
    assert volumes._watch is not None  # noqa: SLF001 - the one way to break the connection
    volumes._watch.stop()  # noqa: SLF001
    seen.until((None, "2"))
    seen.until(("1", None))


def test_a_kind_that_is_not_served_is_asked_for_until_it_is(
    kube: FakeKube, volumes: Collection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(collection_module, "_REFUSED_S", (0.0, 0.0))
    listed, answers = kube.list, iter((True, True, True))

    def absent(*args: Any, **query: Any) -> Json:
        if next(answers, False):
            raise ApiError(404, "404 page not found\n")
        return listed(*args, **query)

    monkeypatch.setattr(kube, "list", absent)
    start(volumes)
    told = [record.getMessage() for record in caplog.records]
    text = "cannot list persistentvolumes: the API server answers with HTTP status 404 (404 page not found)"
    assert [line.rpartition(";")[0] for line in told] == [text] * 3


def test_refusals_are_asked_about_again_at_a_pace_that_neither_floods_nor_lags() -> None:
    pauses = [0.0]
    for _ in range(20):
        pauses.append(collection_module._longer(pauses[-1], collection_module._REFUSED_S))  # noqa: SLF001
    assert pauses[1] >= 0.3
    assert max(pauses) < 2.0


def test_a_resource_is_named_with_its_group() -> None:
    assert SNAPSHOT_CONTENT.resource == "volumesnapshotcontents.snapshot.storage.k8s.io"
    assert PV.resource == "persistentvolumes"


# ---- kinds that the server may lack


@pytest.fixture
def optional(kube: FakeKube, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    monkeypatch.setattr(collection_module, "_ABSENT_S", 0.01)
    collection = Collection(kube, PV, optional=True)  # type: ignore[arg-type]
    collection.on_change(seen)
    yield collection
    collection.stop()


def test_an_optional_kind_that_is_absent_is_empty_and_said_once_until_it_appears(
    kube: FakeKube, optional: Collection, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    kube.absent.add(PV)
    start(optional)
    assert optional.all() == []
    kube.create(PV, body("a", v="1"))
    with kube.changed:
        kube.absent.remove(PV)
    seen.until((None, "1"))
    said = [record.message for record in caplog.records if record.name == collection_module.__name__]
    assert said == [
        "the API server has no persistentvolumes of v1; going on without",
        "the API server has persistentvolumes now",
    ]


def test_an_optional_kind_that_is_removed_takes_its_objects_along(
    kube: FakeKube, optional: Collection, seen: Seen
) -> None:
    made = kube.create(PV, body("a", v="1"))
    start(optional)
    optional.edit(made, label("2"))
    seen.until(("1", "2"))
    with kube.changed:
        kube.absent.add(PV)
    assert optional._watch is not None  # noqa: SLF001 - the server ends the watches of a kind that it drops
    optional._watch.stop()  # noqa: SLF001
    seen.until(("2", None))
    assert optional.get("a") is None


def test_a_kind_that_is_needed_is_waited_for(kube: FakeKube, volumes: Collection) -> None:
    refused = threading.Semaphore(0)
    list_all = kube.list

    def counted(kind: Kind, namespace: str | None = None, **query: str) -> Json:
        refused.release()
        return list_all(kind, namespace, **query)

    kube.list = counted  # type: ignore[method-assign]
    kube.absent.add(PV)
    volumes.start()
    for _ in range(2):
        assert refused.acquire(timeout=10)
    assert not volumes.synced.is_set()
    kube.absent.remove(PV)
    assert volumes.synced.wait(10)
