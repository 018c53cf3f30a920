"""A copy of a volume, without a snapshot that somebody sees."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.csi.wire import csi_pb2, csi_pb2_grpc

from .backend import Backend
from .shell import Shell
from .steps import (
    bound,
    committed,
    create,
    database_on,
    hold,
    let_go,
    ready,
    refused,
    shows_claim,
    until,
    volume_of,
)
from .test_2_snapshot import DEMO

CLONE = "clone-mysql.yaml"
RULES = {
    "the request is not smaller": ("s/1Gi/512Mi/", "size"),
    "source and clone are in one namespace": ("s/name: mysql-pvc/name: of-another-namespace/", "not found"),
    "the volume mode is the same": ("s/^spec:/spec:\\n  volumeMode: Block/", "[Mm]ode"),
    "the source is a CSI volume": ("s/name: mysql-pvc/name: on-the-host/", "invalid"),
}
"""Rule -> how the tutorial's clone breaks it (a program of sed), and what the event says of it."""


def test_the_clone_is_bound(shell: Shell) -> None:
    """A claim whose data source is the claim mysql-pvc, in use as it is, gets a volume by itself."""
    created = shell.run("kubectl apply -f clone-mysql.yaml")
    assert created.text == "persistentvolumeclaim/mysql-clone-pvc created\n"
    bound(shell, "mysql-clone-pvc")
    clone = shows_claim(shell.run("kubectl get pvc mysql-clone-pvc"), "mysql-clone-pvc", "1Gi")
    assert clone != volume_of(shell, "mysql-pvc")


def test_the_clone_has_the_data_of_its_source(shell: Shell, backend: Backend) -> None:
    """The clone has the data of its source, and Longhorn shows it as a volume of its own."""
    assert database_on(shell, "mysql-clone-pvc") == committed(shell)
    volume = backend.volume(volume_of(shell, "mysql-clone-pvc"))
    assert (volume["state"], int(volume["size"])) == ("detached", 1 << 30)
    assert int(volume["controllers"][0]["actualSize"]) > 0


@pytest.mark.parametrize("rule", RULES)
def test_a_clone_that_breaks_a_rule_is_not_made(shell: Shell, rule: str) -> None:
    """The rules of cloning: size, namespace, volume mode, a CSI volume; who breaks one is told why."""
    breaking, said = RULES[rule]
    name = f"breaks-{list(RULES).index(rule)}"
    if "on-the-host" in breaking:
        create(shell, "on-the-host.yaml")
        bound(shell, "on-the-host")
    if "another-namespace" in breaking:
        shell.run("kubectl create namespace elsewhere")
        create(shell, "claim.yaml", "s/CLAIM/of-another-namespace/", options="-n elsewhere")
    create(shell, CLONE, breaking, f"s/mysql-clone-pvc/{name}/")
    refused(shell, name, "ProvisioningFailed", said)
    shell.run(f"kubectl delete pvc {name}")


def test_a_clone_may_be_larger(shell: Shell) -> None:
    """The request may be larger than the source."""
    create(shell, CLONE, "s/1Gi/2Gi/", "s/mysql-clone-pvc/larger/")
    bound(shell, "larger")
    shows_claim(shell.run("kubectl get pvc larger"), "larger", "2Gi")
    shell.run("kubectl delete pvc larger")


def test_cloning_is_dynamic_provisioning(shell: Shell) -> None:
    """A claim without a class is not provisioned, whatever its data source."""
    create(shell, CLONE, 's/ClassName: longhorn/ClassName: ""/', "s/mysql-clone-pvc/static/")
    refused(shell, "static", "FailedBinding")
    shell.run("kubectl delete pvc static")


def test_the_class_may_be_the_default(shell: Shell) -> None:
    """The class of source and clone is the same, and may be the default one."""
    create(shell, CLONE, "/storageClassName/d", "s/mysql-clone-pvc/clone-by-default/")
    bound(shell, "clone-by-default")
    assert shell.get("pvc clone-by-default")["spec"]["storageClassName"] == "longhorn"
    shell.run("kubectl delete pvc clone-by-default")


def test_the_source_must_be_bound(shell: Shell) -> None:
    """The source must be bound: the clone of one that is not there yet waits."""
    create(shell, CLONE, "s/mysql-clone-pvc/waits/", "s/mysql-pvc/comes-later/")
    refused(shell, "waits", "ProvisioningFailed")
    create(shell, "claim.yaml", "s/CLAIM/comes-later/")
    bound(shell, "waits")
    shell.run("kubectl delete pvc waits comes-later")


def test_the_driver_says_that_it_clones(csi_cluster: Cluster) -> None:
    """Whether volumes can be cloned depends on the driver; this one says that it can."""
    socket = Path(csi_cluster.run_dir, "kubelet-node-1", "plugins", csi_cluster.driver, "csi.sock")
    with grpc.insecure_channel(f"unix://{socket}") as channel:
        controller = csi_pb2_grpc.ControllerStub(channel)
        answer = controller.ControllerGetCapabilities(csi_pb2.ControllerGetCapabilitiesRequest(), timeout=10)
    kinds = csi_pb2.ControllerServiceCapability.RPC
    assert kinds.CLONE_VOLUME in {capability.rpc.type for capability in answer.capabilities}


def test_a_clone_is_a_volume_like_any_other(shell: Shell) -> None:
    """A clone can be used, snapshotted, cloned and deleted."""
    hold(shell, "mysql-clone-pvc")
    create(shell, "snapshot-mysql.yaml", f"s/{DEMO}/of-the-clone/", "s/mysql-pvc/mysql-clone-pvc/")
    ready(shell, "of-the-clone")
    let_go(shell, "mysql-clone-pvc")
    shell.run("kubectl delete volumesnapshot of-the-clone")
    create(shell, CLONE, "s/mysql-clone-pvc/second-clone/", "s/mysql-pvc/mysql-clone-pvc/")
    bound(shell, "second-clone")
    assert database_on(shell, "second-clone") == committed(shell)


def test_a_clone_lives_without_its_source(shell: Shell) -> None:
    """A clone is independent: it stays usable when its source is deleted."""
    volume = volume_of(shell, "second-clone")
    create(shell, CLONE, "s/mysql-clone-pvc/third-clone/", "s/mysql-pvc/second-clone/")
    bound(shell, "third-clone")
    shell.run("kubectl delete pvc second-clone")
    until(shell, f"pv/{volume}", "delete")
    assert database_on(shell, "third-clone") == committed(shell)
    shell.run("kubectl delete pvc third-clone")
