"""The snapshot CRDs come after the roles that need them (clause HA-004)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import yaml

from pytest_csi_snapshot.fixtures.programs import crds
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import Kind

from .stage import Cluster, control_plane, stage

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an embedded cluster needs root")

CRD = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with control_plane(TRIAL_CRDS="later") as kubeconfig, stage(kubeconfig) as made:
        yield made


def test_roles_wait_for_the_crds_and_go_on_by_themselves(cluster: Cluster) -> None:
    cluster.start("csi-snapshotter")
    cluster.start("csi-provisioner")

    def told(kind: str, lines: list[str]) -> int:
        text = f"cannot list {kind}.snapshot.storage.k8s.io: the API server answers with HTTP status 404"
        return sum(text in line for line in lines)

    kinds = ("volumesnapshotclasses", "volumesnapshotcontents")
    cluster.read_log("csi-snapshotter-1", lambda lines: all(told(kind, lines) >= 2 for kind in kinds))
    cluster.claim("c")

    cluster.start("snapshot-controller", "--retry-crd-interval-max=1s", number=1)
    assert cluster.wait("snapshot-controller-1") == 1
    cluster.read_log("snapshot-controller-1", lambda lines: "cannot start: cannot list" in lines[-1])

    cluster.start("snapshot-controller", number=2)
    cluster.read_log("snapshot-controller-2", lambda lines: told("volumesnapshots", lines))
    for file in crds.snapshot_crds():
        cluster.client.create(CRD, yaml.safe_load(file.read_text()))
    cluster.read_log("snapshot-controller-2", lambda lines: "snapshot-controller works" in lines[-1])
    cluster.snapshot_classes()
    cluster.snapshot("s", persistentVolumeClaimName="c")
