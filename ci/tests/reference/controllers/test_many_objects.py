"""No change has a controller look through a whole cache: in a large cluster that would be seconds for each."""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.attacher.main import Attacher
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    CSI_NODE,
    PV,
    PVC,
    REFERENCE_GRANT,
    SNAPSHOT,
    VOLUME_ATTACHMENT,
    Kind,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.main import Provisioner
from pytest_csi_snapshot.reference_impl.controllers.resizer.main import Resizer
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.cluster import Cluster
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.triggers import Queues, Triggers

from .group_stage import GroupTheatre
from .provisioner_stage import FROM_CLAIM, FROM_SNAPSHOT
from .stage import DRIVER, NS, Stage

Json = dict[str, Any]


class Keys(list[str]):
    """Takes the place of a queue."""

    def add(self, key: str) -> None:
        self.append(key)


class Role(Stage):
    """A process whose caches are filled by hand: ``tell`` is what a watch does."""

    def __init__(self) -> None:
        super().__init__()
        self.queues: dict[str, Keys] = {}
        self.caches: dict[Kind, Collection] = {}
        self.args = argparse.Namespace(
            feature_gates={"CrossNamespaceVolumeDataSource": True},
            worker_threads=1,
            retry_interval_start=1.0,
            retry_interval_max=2.0,
        )
        self.process: Any = SimpleNamespace(client=self.kube, collection=self._collection, loop=self._loop)

    def tell(self, kind: Kind, obj: Json, event: str = "MODIFIED") -> None:
        self.caches[kind]._take(event, obj)  # noqa: SLF001 - what the thread of a collection does

    def added(self, queue: str) -> list[str]:
        """What is to be looked at since the last question."""
        keys = self.queues[queue]
        found, keys[:] = sorted(keys), []
        return found

    def _collection(self, collection: Collection, *, needed: bool = True) -> Collection:
        self.caches[collection.kind] = collection
        return collection

    def _loop(self, loop: Any) -> Any:
        loop.queue = self.queues[loop.name] = Keys()
        return loop


@pytest.fixture(autouse=True)
def _nobody_looks_through_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def every(collection: Collection, _namespace: str | None = None) -> list[Json]:
        raise AssertionError(f"all of {collection.kind} were looked through")

    monkeypatch.setattr(Collection, "all", every)


def wanted(claim: Json) -> str:
    return f"{objects.key(claim)}/{objects.uid(claim)}"


def test_the_provisioner_wakes_those_that_wait_for_what_changed() -> None:
    role = Role()
    Provisioner(role.process, role.args)
    restore = role.claim("restore", bound=False, dataSource=FROM_SNAPSHOT)
    clone = role.claim("clone", bound=False, dataSource=FROM_CLAIM)
    filled = role.claim("filled", dataSource=FROM_SNAPSHOT)
    for claim in (restore, clone, filled):
        role.tell(PVC, claim, "ADDED")
    role.added("claims")
    snapshot = role.snapshot("s")
    role.tell(SNAPSHOT, snapshot, "ADDED")
    assert role.added("claims") == [wanted(restore)]
    role.tell(SNAPSHOT, {**snapshot, "status": {"readyToUse": True}})
    assert role.added("claims") == [wanted(restore)]
    source = role.claim("src")
    role.tell(PVC, source, "ADDED")
    assert role.added("claims") == sorted([wanted(clone), wanted(source)])
    role.tell(PVC, restore, "DELETED")
    again = {**restore, "metadata": {**restore["metadata"], "uid": "again"}}
    role.tell(PVC, {**again, "spec": {**again["spec"], "dataSource": FROM_CLAIM}}, "ADDED")
    role.added("claims")
    role.tell(SNAPSHOT, {**snapshot, "status": {"readyToUse": False}})
    assert role.added("claims") == []


def test_the_provisioner_wakes_those_that_wait_for_a_grant() -> None:
    role = Role()
    Provisioner(role.process, role.args)
    far = role.claim("far", bound=False, dataSourceRef={**FROM_SNAPSHOT, "namespace": "lender"})
    near = role.claim("near", bound=False, dataSource=FROM_SNAPSHOT)
    for claim in (far, near):
        role.tell(PVC, claim, "ADDED")
    role.added("claims")
    for namespace in ("lender", NS):
        grant = {"metadata": {"name": "g", "namespace": namespace, "resourceVersion": "1"}, "spec": {}}
        role.tell(REFERENCE_GRANT, grant, "ADDED")
    assert role.added("claims") == [wanted(far)]


def test_the_attacher_tries_what_waited_for_a_volume_or_a_node() -> None:
    role = Role()
    Attacher(role.process, role.args)
    for name, volume, node in (("a", "pv-c", "n1"), ("b", "pv-other", "n2")):
        spec = {"attacher": DRIVER, "nodeName": node, "source": {"persistentVolumeName": volume}}
        role.tell(
            VOLUME_ATTACHMENT, role.kube.create(VOLUME_ATTACHMENT, {"metadata": {"name": name}, "spec": spec})
        )
    role.added("attachments")
    role.tell(PV, role.volume(role.claim()), "ADDED")
    assert role.added("attachments") == ["a"]
    role.tell(CSI_NODE, role.kube.create(CSI_NODE, {"metadata": {"name": "n2"}, "spec": {}}), "ADDED")
    assert role.added("attachments") == ["b"]


def test_the_resizer_takes_volumes_and_claims_one_by_one() -> None:
    role = Role()
    Resizer(role.process, role.args)
    claim = role.bound_claim()
    role.tell(PVC, claim, "ADDED")
    role.tell(PV, role.see(PV, "pv-c"), "ADDED")
    assert role.added("claims") == [f"{NS}/c", f"{NS}/c"]


def test_the_snapshot_controller_takes_each_change_for_itself() -> None:
    stage, names = GroupTheatre(), ("snapshots", "contents", "classes", "claims", "volumes")
    groups = ("group_snapshots", "group_contents", "group_classes")
    cached = {name: getattr(stage.cluster, name) for name in (*names, *groups)}
    caches = {name: Collection(cache.client, cache.kind) for name, cache in cached.items()}
    cluster = Cluster(**caches, events=stage.cluster.events)
    queues = {name: Keys() for name in ("snapshots", "contents", "claims", "groups", "group_contents")}
    Triggers(cluster, Queues(**queues)).watch()  # type: ignore[arg-type]

    def tell(cache: str, obj: Json, event: str = "MODIFIED") -> dict[str, list[str]]:
        for keys in queues.values():
            keys.clear()
        caches[cache]._take(event, obj)  # noqa: SLF001 - what the thread of a collection does
        return {name: sorted(set(keys)) for name, keys in queues.items() if keys}

    snapshot, group = stage.snapshot("s", "c"), stage.group()
    member = {**stage.snapshot("m", "d"), "status": {"volumeGroupSnapshotName": objects.name(group)}}
    tell("snapshots", snapshot, "ADDED")
    tell("snapshots", member, "ADDED")
    tell("group_snapshots", group, "ADDED")
    tell("claims", stage.claim("c", bound=False), "ADDED")
    bound = stage.label(stage.change(PVC, f"{NS}/c", status={"phase": "Bound"}))
    changed = tell("claims", bound)
    assert changed == {"claims": [f"{NS}/c"], "snapshots": [f"{NS}/s"], "groups": [f"{NS}/g"]}
    assert tell("group_snapshots", group, "DELETED") == {"snapshots": [f"{NS}/m"]}
    assert tell("claims", bound) == {"claims": [f"{NS}/c"]}
