"""Sizes of volumes: declared ones, and the least that a driver makes where nothing is declared."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import EVENT, PVC, STORAGE_CLASS, Kind
from pytest_csi_snapshot.labels import Mark
from pytest_csi_snapshot.limits import Limits
from pytest_csi_snapshot.quantities import GI, MI, format_quantity, parse_quantity
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.sizes import Sizes
from pytest_csi_snapshot.station import Station
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs

from .api import MemoryApi
from .objects import meta


class Driver(MemoryApi):
    """Makes volumes of at least ``least`` bytes: it rounds up, or refuses what is smaller; 0 never answers."""

    def __init__(self, history: History, least: int, *, refuses: bool) -> None:
        super().__init__(history)
        self.least, self.refuses = least, refuses
        self.objects[STORAGE_CLASS, "", "s"] = {"metadata": meta("s"), "provisioner": "d"}

    def create(self, kind: Kind, body: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        made = super().create(kind, body, dry_run=dry_run)
        if kind == PVC and self.least:
            asked = parse_quantity(made["spec"]["resources"]["requests"]["storage"])
            if asked < self.least and self.refuses:
                event = {"metadata": meta("e" + made["metadata"]["name"]), "reason": "ProvisioningFailed"}
                about = {"uid": made["metadata"]["uid"]}
                event |= {"message": "rpc error: code = OutOfRange desc = too small", "involvedObject": about}
                self.history.record(EVENT, "ADDED", event)
            else:
                capacity = {"storage": format_quantity(max(asked, self.least))}
                status = {"phase": "Bound", "capacity": capacity}
                name, uid, home = (made["metadata"][key] for key in ("name", "uid", "namespace"))
                bound = {**made, "metadata": meta(name, uid=uid, namespace=home), "status": status}
                self.history.record(kind, "MODIFIED", bound)
        return made


def verbs(
    least: int, *, refuses: bool = False, sizes: Sizes | None = None, provider: str = "existing"
) -> VolumeVerbs:
    history = History()
    station = Station(Driver(history, least, refuses=refuses), Mark(run="run", worker="gw0"))
    station.history = history
    station.owned._history = history  # noqa: SLF001
    vars(station)["watch_events"] = lambda *_what: None
    made = VolumeVerbs(station, None, Bounds(Limits(reaction=0.1), sizes or Sizes()), "a test")
    made.cluster = Cluster(provider, "", "", "d", "s", "v", "i")
    return made


def test_a_driver_that_takes_anything_gets_ordinary_volumes() -> None:
    csi = verbs(MI)
    assert (csi.size, csi.larger, csi.largest) == (GI, GI + 512 * MI, 2 * GI)


def test_what_a_driver_makes_of_an_ordinary_volume_is_the_least() -> None:
    assert verbs(4 * GI).size == 4 * GI


def test_a_driver_that_refuses_is_asked_for_more_and_only_once() -> None:
    csi = verbs(8 * GI, refuses=True)
    assert (csi.size, csi.larger) == (10 * GI, 15 * GI)
    assert csi.size == 10 * GI
    assert len([handle for handle in csi.ledger.handles if handle.kind == PVC]) == 3


def test_a_driver_that_does_not_answer_is_asked_no_further() -> None:
    csi = verbs(0)
    assert csi.size == GI
    assert len([handle for handle in csi.ledger.handles if handle.kind == PVC]) == 1


def test_declared_sizes_and_clusters_of_our_own_are_not_tried() -> None:
    for csi in (verbs(8 * GI, sizes=Sizes(2 * GI)), verbs(8 * GI, provider="embedded")):
        assert csi.size == (csi.bounds.sizes.least or GI)
        assert csi.ledger.handles == []


def test_sizes_are_whole_steps() -> None:
    sizes = Sizes(3 * GI, step=2 * GI)
    assert (sizes.ordinary, sizes.larger, sizes.largest, sizes.small) == (4 * GI, 6 * GI, 8 * GI, 4 * GI)
    assert Sizes().small == 64 * MI


def test_what_exceeds_the_limit_ends_the_test() -> None:
    csi = verbs(GI, sizes=Sizes(GI, limit=2 * GI))
    csi.claim(2 * GI)
    with pytest.raises(OutOfBounds, match=r"size\.limit: it takes a volume of 3Gi, the limit is 2Gi"):
        csi.claim(3 * GI)


def test_an_access_mode_that_is_not_declared_ends_the_test() -> None:
    csi = verbs(GI)
    csi.bounds = Bounds(access_modes=("ReadWriteMany",), sizes=Sizes(GI))
    assert csi.get(csi.claim())["spec"]["accessModes"] == ["ReadWriteMany"]
    with pytest.raises(OutOfBounds, match="accessModes: it takes a ReadWriteOncePod volume"):
        csi.claim(access="ReadWriteOncePod")
