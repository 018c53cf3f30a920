"""A cluster full of other people's objects: they are read page by page, watched from now on, and not kept."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot import last_words, leftovers
from pytest_csi_snapshot.doctor.survey import Surveyor
from pytest_csi_snapshot.fixtures import components
from pytest_csi_snapshot.fixtures.node.watching import Mirror
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import PAGE, KubeClient
from pytest_csi_snapshot.kube.kinds import LEASE, NAMESPACE, PV, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import RUN, Mark
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.station import Station
from pytest_csi_snapshot.watching import Scope, Watch

from .api import MemoryApi
from .crowd import CLUSTER_WIDE, COUNT, Crowded, crowded
from .objects import Json, Recorded, meta

MARK = Mark("abcd", "gw0")
DRIVER = "ours.example.com"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Crowded]:
    with crowded(tmp_path) as made:
        yield made


def speaker(client: KubeClient) -> LeaveClient:
    return LeaveClient(client, History(), Mark("abcd", ""))


ASKING: dict[str, Callable[[KubeClient], object]] = {
    "a worker, for volumes to spare": lambda client: Station(client, MARK).classes_with_spares,
    "the end of a run": lambda client: leftovers.left_behind(speaker(client)),
    "a sweep, for runs": leftovers.runs_with_traces,
    "a sweep, for classes": lambda client: leftovers.set_aside(speaker(client)),
    "the preflight": lambda client: Surveyor(client).survey(DRIVER).pods,
    "the preflight, for attachments": lambda client: Surveyor(client).survey(DRIVER).attachments,
    "a provider, for components": lambda client: components.found(client, DRIVER),
    "a failure, for logs": lambda client: last_words.ends_of_logs(client, DRIVER, 1.0),
}


@pytest.mark.parametrize("asking", ASKING.values(), ids=ASKING)
def test_lists_are_paged_and_nothing_of_others_is_kept(
    server: Crowded, asking: Callable[[KubeClient], object]
) -> None:
    assert not asking(server.client)
    assert server.lists
    assert all(int(each.query["limit"]) <= PAGE for each in server.lists)


def test_a_lease_is_asked_for_by_its_name(server: Crowded) -> None:
    Surveyor(server.client).survey(DRIVER)
    (asked,) = [each for each in server.lists if each.plural == LEASE.plural]
    assert asked.query["fieldSelector"] == "metadata.name=external-snapshotter-leader-ours-example-com"


def test_a_list_has_every_page_of_a_collection(server: Crowded) -> None:
    found = server.client.list(PV)
    assert [body["metadata"]["name"] for body in found] == [f"one-{number}" for number in range(COUNT)]
    assert len(server.lists) == COUNT // PAGE


def test_a_list_that_the_server_loses_is_begun_once_more(server: Crowded) -> None:
    server.lost_pages = 1
    assert len(server.client.list(PV)) == COUNT


def test_a_list_that_is_lost_again_and_again_is_an_error(server: Crowded) -> None:
    server.lost_pages = 2
    with pytest.raises(ApiError, match="continue token is too old"):
        server.client.list(PV)


class Body(dict[str, Any]):
    """An object of which one can tell whether anybody still holds it."""


class Pages(KubeClient):
    """Ten pages; ``held`` is how many objects of earlier ones were there when the last was asked for."""

    def __init__(self) -> None:
        self.sent: list[weakref.ref[Body]] = []
        self.held = 0

    def request(self, method: str, path: str, **options: Any) -> Json:
        self.held = sum(each() is not None for each in self.sent)
        items = [Body(metadata={"name": "theirs"}) for _ in range(PAGE)]
        self.sent += [weakref.ref(each) for each in items]
        more = {"continue": "more"} if len(self.sent) < 10 * PAGE else {}
        return {"metadata": {"resourceVersion": "1", **more}, "items": items}


@pytest.mark.parametrize(("wanted", "held"), [(True, 9 * PAGE), (False, PAGE)])
def test_of_what_nobody_wants_one_page_at_most_is_held(wanted: bool, held: int) -> None:
    pages = Pages()
    pages.list(PV, keep=lambda _: wanted)
    assert pages.held == held


def test_watches_begin_now_and_see_only_what_a_selector_can_tell_to_be_ours(server: Crowded) -> None:
    station = Station(server.client, MARK)
    station.open()
    station.watch_groups("v1")
    station.watch_attachments(DRIVER)
    station.watch_events("csi-abcd-gw0-1")
    server.await_watches(10)
    server.over.set()
    station.close()
    wide = [each.plural for each in server.watches if not each.narrowed]
    assert sorted(wide) == sorted([*CLUSTER_WIDE, "volumesnapshots"])  # the last one: members of groups
    assert all(each.query["resourceVersion"] == "9000" for each in server.watches)
    assert all(int(each.query["limit"]) <= PAGE for each in server.lists)
    assert station.history.position == 1  # the one event, of a namespace of ours


def test_where_a_watch_begins_is_learned_without_a_search_for_objects_of_ours(server: Crowded) -> None:
    station = Station(server.client, MARK)
    station.open()
    server.over.set()
    station.close()
    assert [each.query for each in server.lists] == [{"limit": "1"}] * 5


def test_after_a_gap_a_collection_is_listed_in_pages_and_others_stay_unseen(server: Crowded) -> None:
    server.forgotten = 1
    history = History()
    watch = Watch(server.client, history, Scope(SNAPSHOT_CONTENT, keep=MARK.ours))
    watch.start()
    server.await_watches(2)
    server.over.set()
    watch.stop()
    assert [gap.reason for gap in history.gaps()] == ["too old"]
    assert history.position == 0
    assert [int(each.query["limit"]) for each in server.lists] == [1] + [PAGE] * (COUNT // PAGE)


def test_a_node_learns_its_volumes_in_pages(server: Crowded) -> None:
    stop = threading.Event()
    mirror = Mirror(server.client, PV, stop).start()
    assert mirror.synced.wait(10)
    stop.set()
    server.over.set()
    assert len(mirror.all()) == COUNT
    assert {each.query["limit"] for each in server.lists} == {str(PAGE)}


class Slow(MemoryApi):
    """A namespace takes a few looks to go; lists are counted."""

    looks, lists = 3, 0

    def list(self, kind: Kind, *args: Any, **options: Any) -> list[Json]:
        self.lists += kind == PV
        return super().list(kind, *args, **options)

    def find(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        found = super().find(kind, namespace, name)
        if found and kind == NAMESPACE and "deletionTimestamp" in found["metadata"]:
            self.looks -= 1
            if not self.looks:
                del self.objects[kind, namespace or "", name]
        return found


def test_what_is_on_its_way_out_is_awaited_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PAUSE", 0.0)
    api = Slow(Recorded())
    body = {"metadata": meta("csi-abcd-gw0-1", labels={RUN: "abcd"}, finalizers=["kubernetes"])}
    api.objects[NAMESPACE, "", "csi-abcd-gw0-1"] = body
    assert leftovers.remove(speaker(api), within=60) == []
    assert api.looks <= 0
    assert api.lists == 2  # the first look and the last
