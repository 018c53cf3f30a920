"""What the driver answers past the controllers tells whose doing it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import POD_DONE, READY
from pytest_csi_snapshot.csi import listing
from pytest_csi_snapshot.kube.kinds import (
    CSI_NODE,
    EVENT,
    POD,
    PV,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    VOLUME_ATTACHMENT,
    Kind,
)
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.witnesses import WitnessVerbs

from .objects import Json, Recorded, content, meta, snapshot

LEAVING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
MARKED = {"snapshot.storage.kubernetes.io/volumesnapshot-being-deleted": "yes"}
REFUSAL = "rpc error: code = Internal desc = disk on fire"
WAITING = Handle(SNAPSHOT, "ns", "s", "uid-s")


class Driver:
    """The snapshots of a driver; ``named`` says what a new one is called, ``idle`` that it deletes nothing."""

    def __init__(self, *made: str, named: Callable[[str], str] = str, idle: bool = False) -> None:
        self.made, self.named, self.idle = [*made], named, idle

    def cut(self, _socket: Path, name: str, _volume: str) -> str:
        self.made.append(handle := self.named(name))
        return handle

    def delete(self, _socket: Path, handle: str) -> None:
        self.made = [each for each in self.made if self.idle or each != handle]

    def snapshots_of(self, _socket: Path, _volume: str) -> list[str]:
        return self.made

    def told_of(self, _socket: Path, handle: str) -> str | None:
        return handle if handle in self.made else None


class Witness(WitnessVerbs):
    """Verbs that have a history and a socket, and no cluster."""

    def __init__(self, history: Recorded, socket: Path | None = Path("/csi.sock")) -> None:
        self.history = history
        self._reachable = socket
        self.there: dict[Kind, list[Json]] = {}
        self.cluster = Cluster("existing", "", "", "d", "s", "v", "i")

    def _socket(self) -> Path | None:
        return self._reachable

    def blamed(self, what: Handle, awaited: str) -> str:
        return self._culprit(what, awaited)

    def _seen_now(self, kind: Kind, _namespace: str | None) -> list[Json]:
        return self.there.get(kind, [])


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> Callable[[Driver], None]:
    def by(driver: Driver) -> None:
        for name in ("cut", "delete", "snapshots_of", "told_of"):
            monkeypatch.setattr(listing, name, getattr(driver, name))

    return by


def always(handle: str) -> Callable[[str], str]:
    return lambda _name: handle


def each_anew() -> Callable[[str], str]:
    numbers = count()
    return lambda _name: f"h-{next(numbers)}"


@pytest.mark.parametrize(("named", "owner"), [(str, "SS"), (always("h"), "DRV")])
def test_of_one_handle_for_two_snapshots_the_driver_is_asked_again(
    driven: Callable[[Driver], None], named: Callable[[str], str], owner: str
) -> None:
    driven(driver := Driver(named=named))
    assert Witness(Recorded()).cuts_apart("vol") == owner
    assert driver.made == []
    assert Witness(Recorded(), None).cuts_apart("vol") == "SS, DRV"


@pytest.mark.parametrize(
    ("driver", "owner"),
    [
        (Driver("first", "second"), "SS"),
        (Driver("first"), "DRV"),
        (Driver("first", "second", named=each_anew()), "DRV"),
    ],
)
def test_a_snapshot_that_is_cut_again_and_again_is_asked_for_under_several_names(
    driven: Callable[[Driver], None], driver: Driver, owner: str
) -> None:
    driven(driver)
    timeout = content(error={"message": "rpc error: code = DeadlineExceeded desc = context deadline exceeded"})
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, timeout)
    assert Witness(history).blamed(WAITING, READY.text) == owner
    assert Witness(history, None).blamed(WAITING, READY.text) == "DRV"


@pytest.mark.parametrize(
    ("told", "owner"), [(listing.Told(True, 1, 1), "SS"), (listing.Told(False, 1, 1), "DRV"), (None, "DRV")]
)
def test_a_handle_that_the_sidecar_does_not_find_is_looked_up_again(
    monkeypatch: pytest.MonkeyPatch, told: listing.Told | None, owner: str
) -> None:
    monkeypatch.setattr(listing, "told_of", lambda _socket, handle: told if handle == "h" else None)
    lost = content(spec={"source": {"snapshotHandle": "h"}}, error={"message": "can not find snapshot for h"})
    history = Recorded().told(SNAPSHOT, snapshot()).told(SNAPSHOT_CONTENT, lost)
    assert Witness(history).blamed(WAITING, READY.text) == owner
    assert Witness(history, None).blamed(WAITING, READY.text) == "SS, DRV"


@pytest.mark.parametrize(("idle", "owner"), [(False, "SS"), (True, "DRV")])
def test_a_snapshot_that_is_not_deleted_is_deleted_by_hand(
    driven: Callable[[Driver], None], idle: bool, owner: str
) -> None:
    driven(Driver("h", idle=idle))
    going, waiting = content(snapshotHandle="h"), snapshot()
    going["metadata"] |= LEAVING | {"annotations": MARKED}
    waiting["metadata"] |= LEAVING
    history = Recorded().told(SNAPSHOT, waiting).told(SNAPSHOT_CONTENT, going)
    assert Witness(history).blamed(WAITING, "its end") == owner
    assert Witness(history, None).blamed(WAITING, "its end") == "DRV, SS"


@pytest.mark.parametrize(
    ("published", "attached", "owner"),
    [({"node-id"}, True, "DRV"), (set(), True, "EA, DRV"), ({"other-id"}, True, "EA, DRV"), (set(), False, "DRV")],
)
def test_a_volume_that_only_the_attacher_calls_attached(
    monkeypatch: pytest.MonkeyPatch, published: set[str], attached: bool, owner: str
) -> None:
    monkeypatch.setattr(listing, "can_list_nodes", lambda _socket: True)
    monkeypatch.setattr(listing, "nodes_by_volume", lambda _socket: {"vol": frozenset(published)})
    used = {"nodeName": "n", "volumes": [{"name": "home"}, {"persistentVolumeClaim": {"claimName": "p"}}]}
    refused = {"involvedObject": {"uid": "uid-pod"}, "reason": "FailedMount", "message": REFUSAL}
    history = Recorded().told(POD, {"metadata": meta("pod", uid="uid-pod", namespace="ns"), "spec": used})
    witness = Witness(history.told(EVENT, {"metadata": meta("e", namespace="ns"), **refused}))
    source = {"persistentVolumeName": "v"}
    of_it = {"claimRef": {"namespace": "ns", "name": "p"}, "csi": {"volumeHandle": "vol"}}
    witness.there = {
        VOLUME_ATTACHMENT: [
            {"metadata": meta("a"), "spec": {"nodeName": "n", "source": source}, "status": {"attached": attached}}
        ],
        PV: [{"metadata": meta("v"), "spec": of_it}],
        CSI_NODE: [{"metadata": meta("n"), "spec": {"drivers": [{"name": "d", "nodeID": "node-id"}]}}],
    }
    assert witness.blamed(Handle(POD, "ns", "pod", "uid-pod"), POD_DONE.text) == owner


def test_volumes_that_a_driver_does_not_list_now_are_not_known(tmp_path: Path) -> None:
    """Its folder is gone, or nobody listens there."""
    for folder in (tmp_path, tmp_path / "none"):
        assert Witness(Recorded(), folder / "csi.sock").volumes_of_driver() is None
