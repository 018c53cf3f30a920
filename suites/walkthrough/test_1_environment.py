"""Before the first snapshot: the sidecar without CRDs, the CRDs, the snapshot controller."""

from __future__ import annotations

import re

from .shell import Shell

SIDECAR_LEASE = "external-snapshotter-leader-driver-longhorn-io"
CONTROLLER_LEASE = "snapshot-controller-leader"
KINDS = ("volumesnapshotclasses", "volumesnapshotcontents")


def test_three_pods_of_csi_snapshotter_run(shell: Shell) -> None:
    """Longhorn runs csi-snapshotter with three replicas."""
    pods = shell.run("kubectl get pods -n longhorn-system")
    assert pods.columns == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    replicas = [row for row in pods.rows if row["NAME"].startswith("csi-snapshotter-")]
    assert len(replicas) == 3
    assert {(row["READY"], row["STATUS"]) for row in replicas} == {("1/1", "Running")}


def test_one_of_them_leads(shell: Shell) -> None:
    """Only one replica serves at a time, chosen by leader election."""
    assert holder(shell, SIDECAR_LEASE, "longhorn-system") in pods_of(shell, "csi-snapshotter", "longhorn-system")


def test_the_leader_logs_that_the_resources_are_missing(shell: Shell) -> None:
    """Its log says, again and again, that there is no VolumeSnapshotClass and no VolumeSnapshotContent."""
    pod = holder(shell, SIDECAR_LEASE, "longhorn-system")
    for kind in KINDS:
        refused = shell.attempt(f"kubectl get --raw /apis/snapshot.storage.k8s.io/v1/{kind}")
        assert refused.code != 0, f"the cluster serves {kind} already"
        lines = shell.follow(f"kubectl logs -f {pod} -n longhorn-system", kind, times=2)
        assert all("snapshot.storage.k8s.io" in line and "404" in line for line in lines), lines


def test_the_crds_are_installed(shell: Shell) -> None:
    """The CRDs come from the external-snapshotter project; here from its pinned Go module."""
    created = shell.run(
        "kubectl kustomize $(python -m pytest_csi_snapshot.fixtures crds) | kubectl create -f -",
        instead_of="git clone https://github.com/kubernetes-csi/external-snapshotter; "
        "cd external-snapshotter && git checkout v5.0.1; "
        "kubectl kustomize client/config/crd | kubectl create -f -",
    )
    for kind in (*KINDS, "volumesnapshots"):
        name = f"customresourcedefinition.apiextensions.k8s.io/{kind}.snapshot.storage.k8s.io"
        assert f"{name} created" in created.text.splitlines()


def test_the_crds_are_there(shell: Shell) -> None:
    """Three snapshot CRDs are listed, with the time of their creation."""
    lines = shell.run("kubectl get crd |grep snapshot").text.splitlines()
    found = [line.split() for line in lines if line.split()[0].partition(".")[2] == "snapshot.storage.k8s.io"]
    assert [words[0].partition(".")[0] for words in found] == [*KINDS, "volumesnapshots"]
    # Between name and time a newer kubectl shows scope and versions.
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", words[-1]) for words in found)


def test_the_log_is_quiet_again(shell: Shell) -> None:
    """With the CRDs installed the log of csi-snapshotter is in order."""
    pod = holder(shell, SIDECAR_LEASE, "longhorn-system")
    (works,) = shell.follow(f"kubectl logs -f {pod} -n longhorn-system", "csi-snapshotter works")
    log = shell.run(f"kubectl logs {pod} -n longhorn-system").text
    assert "404" not in log[log.index(works) :]


def test_the_snapshot_controller_is_installed(shell: Shell) -> None:
    """The snapshot controller goes into kube-system with two replicas."""
    created = shell.run(
        "python -m pytest_csi_snapshot.fixtures manifests snapshot-controller --replicas snapshot-controller=2 "
        "| kubectl create -f -",
        instead_of="kubectl -n kube-system kustomize deploy/kubernetes/snapshot-controller | kubectl create -f -",
    )
    assert "deployment.apps/snapshot-controller created" in created.text.splitlines()
    shell.run("kubectl rollout status deployment/snapshot-controller -n kube-system --timeout=60s")


def test_two_pods_of_the_snapshot_controller_run_and_one_is_active(shell: Shell) -> None:
    """Two pods of the snapshot controller run, one of them is active."""
    pods = shell.run("kubectl get pods -n kube-system -l app=snapshot-controller")
    assert pods.columns == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [(row["READY"], row["STATUS"], row["RESTARTS"]) for row in pods.rows] == [("1/1", "Running", "0")] * 2
    active = holder(shell, CONTROLLER_LEASE, "kube-system")
    names = [row["NAME"] for row in pods.rows]
    assert active in names
    shell.follow(f"kubectl logs -f {active} -n kube-system", "snapshot-controller works")
    (other,) = set(names) - {active}
    assert "snapshot-controller works" not in shell.run(f"kubectl logs {other} -n kube-system").text


def holder(shell: Shell, lease: str, namespace: str) -> str:
    """The pod that holds a lease, once one does."""
    shell.run(f"kubectl wait --for=create lease/{lease} -n {namespace} --timeout=60s")
    path = "jsonpath={.spec.holderIdentity}"
    shell.run(f"kubectl wait --for={path} lease/{lease} -n {namespace} --timeout=60s")
    return shell.run(f"kubectl get lease {lease} -n {namespace} -o {path}").text


def pods_of(shell: Shell, app: str, namespace: str) -> list[str]:
    """The names of an application's pods."""
    pods = shell.get(f"pods -n {namespace} -l app={app}")["items"]
    return [pod["metadata"]["name"] for pod in pods]
