"""Drivers whose volumes are on one node: topology, node deployment, whose snapshot it is (DIST-001, DIST-002)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers import markers, node_affinity
from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    CSI_NODE,
    NODE,
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
)
from pytest_csi_snapshot.reference_impl.controllers.provisioner.claims import Claims, Settings
from pytest_csi_snapshot.reference_impl.controllers.provisioner.cluster import Service
from pytest_csi_snapshot.reference_impl.controllers.provisioner.protection import Protection
from pytest_csi_snapshot.reference_impl.controllers.provisioner.topology import Topology
from pytest_csi_snapshot.reference_impl.controllers.provisioner.volumes import Volumes
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller import managing
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.sources import SourceError
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .fake_csi import FakeDriver
from .fake_kube import FakeKube
from .provisioner_stage import FROM_CLAIM, FROM_SNAPSHOT, Theatre
from .stage import DRIVER, NS

Json = dict[str, Any]

KEY = "topology.example/node"


class Nodes(Theatre):
    """Three nodes, each with a volume pool of its own."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(peer)
        self.peer = peer
        for name in ("a", "b", "c"):
            self.kube.create(NODE, {"metadata": {"name": name, "labels": {KEY: name}}})
            drivers = [{"name": DRIVER, "nodeID": name, "topologyKeys": [KEY]}]
            self.kube.create(CSI_NODE, {"metadata": {"name": name}, "spec": {"drivers": drivers}})
        self.late_class()

    def late_class(self) -> None:
        self.change(STORAGE_CLASS, "longhorn", volumeBindingMode="WaitForFirstConsumer")

    def immediate_class(self, **fields: Any) -> None:
        self.change(STORAGE_CLASS, "longhorn", volumeBindingMode="Immediate", **fields)

    def serving(self, node: str | None, *, strict: bool = False) -> None:
        """Let the stage's provisioner be that of one node (None: of all)."""
        events: Any = self.events
        service = Service(DRIVER, "identity-1", events, node)
        topology = Topology(DRIVER, self.direct(NODE), self.direct(CSI_NODE), strict=strict or node is not None)
        self.claims = Claims(
            self.peer, self.cluster, service, self.protection, self.unanswered, Settings(), topology
        )
        self.volumes = Volumes(self.peer, self.cluster, service, self.direct(NODE) if node else None)

    def select(self, claim: Json, node: str) -> Json:
        meta = {
            **claim["metadata"],
            "annotations": {**claim["metadata"]["annotations"], markers.SELECTED_NODE: node},
        }
        return self.change(PVC, objects.key(claim), metadata=meta)

    def selected(self, claim: Json) -> str | None:
        return objects.annotation(self.see(PVC, objects.key(claim)), markers.SELECTED_NODE)


@pytest.fixture
def stage(peer: Peer) -> Nodes:
    return Nodes(peer)


def asked(driver: FakeDriver) -> list[list[str]]:
    """The nodes that each CreateVolume preferred, in order."""
    calls = driver.made(csi_pb2.CreateVolumeRequest)
    return [[one.segments[KEY] for one in call.accessibility_requirements.preferred] for call in calls]


def on(node: str) -> Json:
    return {"nodeAffinity": node_affinity.affinity([{KEY: node}])}


# ---- node affinity


@pytest.mark.parametrize(
    ("expression", "able"),
    [
        ({"operator": "In", "values": ["a", "b"]}, True),
        ({"operator": "In", "values": ["b"]}, False),
        ({"operator": "NotIn", "values": ["b"]}, True),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
        ({"operator": "Gt", "values": ["1"]}, False),
    ],
)
def test_operators_of_a_node_selector(expression: Json, able: bool) -> None:
    term = {"matchExpressions": [{"key": KEY, **expression}]}
    volume = {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}}}
    assert node_affinity.accessible(volume, {"metadata": {"name": "n", "labels": {KEY: "a"}}}) is able


def test_terms_are_alternatives_and_an_empty_one_selects_nothing() -> None:
    node = {"metadata": {"name": "n", "labels": {KEY: "a", "zone": "9"}}}

    def selects(*terms: Json) -> bool:
        return node_affinity.accessible(
            {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}}, node
        )

    no, yes = (
        [{"key": KEY, "operator": "In", "values": ["b"]}],
        [{"key": "zone", "operator": "Gt", "values": ["8"]}],
    )
    assert selects({"matchExpressions": no}, {"matchExpressions": yes})
    assert not selects({"matchExpressions": [*no, *yes]})
    assert not selects({})
    assert selects({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]})
    assert node_affinity.accessible({"spec": {}}, node)


# ---- snapshots


def test_a_content_is_labelled_with_the_node_of_its_volume(stage: Nodes) -> None:
    nodes = stage.direct(NODE)
    assert managing.labels(nodes, {"spec": on("b")}) == {markers.MANAGED_BY: "b"}
    assert managing.labels(nodes, {"spec": {}}) == {}
    assert managing.labels(None, {"spec": on("b")}) == {}
    with pytest.raises(SourceError, match="no node matches"):
        managing.labels(nodes, {"metadata": {"name": "v"}, "spec": on("gone")})


def test_a_sidecar_of_one_node_lists_and_watches_its_own_contents_only(monkeypatch: pytest.MonkeyPatch) -> None:
    kube = FakeKube()
    asked_for: list[dict[str, str]] = []

    def noting(verb: Any) -> Any:
        def call(*args: Any, **query: str) -> Any:
            asked_for.append(query)
            return verb(*args, **query)

        return call

    monkeypatch.setattr(kube, "list", noting(kube.list))
    monkeypatch.setattr(kube, "watch", noting(kube.watch))
    contents = Collection(kube, SNAPSHOT_CONTENT, labels=f"{markers.MANAGED_BY}=b")  # type: ignore[arg-type]
    contents._list()  # noqa: SLF001 - what the thread of a collection does
    contents.stop()
    contents._follow()  # noqa: SLF001
    assert [query["labelSelector"] for query in asked_for] == [f"{markers.MANAGED_BY}=b"] * 2


# ---- volumes


def test_the_node_of_the_pod_is_preferred_and_the_volume_is_bound_to_where_it_is(
    stage: Nodes, driver: FakeDriver
) -> None:
    def made(request: Any) -> Any:
        volume = csi_pb2.Volume(volume_id="v", capacity_bytes=1 << 30)
        volume.accessible_topology.add(segments={KEY: "b"})
        return csi_pb2.CreateVolumeResponse(volume=volume)

    stage.serving(None)
    claim = stage.wish()
    assert stage.sync(claim) is None
    assert asked(driver) == [], "no pod yet"
    driver.script["CreateVolume"].append(made)
    assert stage.sync(stage.select(claim, "b")) is None
    assert asked(driver) == [["b", "a", "c"]]
    assert stage.made(claim)["spec"]["nodeAffinity"] == on("b")["nodeAffinity"]


def test_strict_topology_leaves_no_choice(stage: Nodes, driver: FakeDriver) -> None:
    stage.serving(None, strict=True)
    assert stage.sync(stage.select(stage.wish(), "b")) is None
    assert asked(driver) == [["b"]]


def test_allowed_topologies_limit_an_immediate_volume(stage: Nodes, driver: FakeDriver) -> None:
    expressions = [{"key": KEY, "values": ["a", "c", "elsewhere"]}]
    stage.immediate_class(allowedTopologies=[{"matchLabelExpressions": expressions}])
    stage.serving(None)
    assert stage.sync(stage.wish()) is None
    assert [sorted(nodes) for nodes in asked(driver)] == [["a", "c"]]


def test_a_clone_is_made_where_its_source_is(stage: Nodes, driver: FakeDriver) -> None:
    stage.volume(stage.claim("src"), **on("c"))
    stage.immediate_class()
    stage.serving(None)
    assert stage.sync(stage.wish(dataSource=FROM_CLAIM)) is None
    assert asked(driver) == [["c"]]


def test_a_pod_on_a_node_without_the_data_gets_no_other_data(stage: Nodes, driver: FakeDriver) -> None:
    stage.ready_snapshot()
    content = stage.see(SNAPSHOT_CONTENT, "k")
    stage.change(SNAPSHOT_CONTENT, "k", metadata={**content["metadata"], "labels": {markers.MANAGED_BY: "c"}})
    stage.serving(None)
    claim = stage.wish(dataSource=FROM_SNAPSHOT)
    assert "source of the claim is not accessible from node a" in str(stage.sync(stage.select(claim, "a")))
    assert stage.selected(claim) is None, "the scheduler may choose another"
    assert asked(driver) == []
    assert stage.sync(stage.select(stage.see(PVC, f"{NS}/new"), "c")) is None
    assert asked(driver) == [["c"]]


def test_each_node_serves_the_claims_that_are_for_it(stage: Nodes, driver: FakeDriver) -> None:
    claim = stage.select(stage.wish(), "b")
    stage.serving("a")
    assert stage.sync(claim) is None
    assert asked(driver) == []
    stage.serving("b")
    assert stage.sync(claim) is None
    assert asked(driver) == [["b"]]


def test_an_immediate_claim_goes_to_the_first_node_that_asks_and_has_the_source(
    stage: Nodes, driver: FakeDriver
) -> None:
    stage.volume(stage.claim("src"), **on("c"))
    stage.immediate_class()
    claim = stage.wish(dataSource=FROM_CLAIM)
    for node, owner in (("a", None), ("c", "c"), ("b", "c")):
        stage.serving(node)
        assert stage.sync(claim) is None
        assert stage.selected(claim) == owner
    assert asked(driver) == []
    stage.serving("c")
    assert stage.sync(claim) is None
    assert asked(driver) == [["c"]]


def test_a_node_that_comes_second_leaves_the_claim_to_the_first(
    stage: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.immediate_class()
    free = stage.wish()
    stage.select(free, "c")
    stage.serving("b")
    monkeypatch.setattr(stage.cluster.claims, "get", lambda _key: free)  # its cache is behind
    assert stage.sync(free) is None
    assert stage.selected(free) == "c"


def test_a_volume_is_deleted_by_the_node_that_has_it(stage: Nodes, driver: FakeDriver) -> None:
    claim = stage.claim("old")
    stage.volume(claim, **on("b"))
    meta = {**stage.see(PV, "pv-old")["metadata"], "annotations": {markers.PROVISIONED_BY: DRIVER}}
    spec = {**stage.see(PV, "pv-old")["spec"], "persistentVolumeReclaimPolicy": "Delete"}
    stage.change(PV, "pv-old", metadata=meta, spec=spec, status={"phase": "Released"})
    for node, calls in (("a", 0), ("b", 1)):
        stage.serving(node)
        stage.volumes.sync("pv-old")
        assert len(driver.made(csi_pb2.DeleteVolumeRequest)) == calls


def test_a_source_is_protected_while_another_node_may_restore_from_it(stage: Nodes) -> None:
    stage.ready_snapshot()
    stage.wish("elsewhere", dataSource=FROM_SNAPSHOT)
    made = [Protection(stage.cluster, DRIVER, stage.unanswered, alone=alone) for alone in (False, True)]
    for protection in made:
        protection.adopt(stage.see(SNAPSHOT, f"{NS}/s"))  # at first sight there was nothing to protect
    meta = {**stage.see(SNAPSHOT, f"{NS}/s")["metadata"], "finalizers": [markers.RESTORE_SOURCE]}
    stage.change(SNAPSHOT, f"{NS}/s", metadata=meta)
    for protection, protected in zip(made, (True, False), strict=True):
        protection.sweep_snapshot(f"{NS}/s")
        assert stage.protected() is protected
