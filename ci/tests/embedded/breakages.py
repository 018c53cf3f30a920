"""Ways to break a cluster, each with what the examination must say of it. A way mends what it broke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from runner_account import CLUSTER_ROLE

from pytest_csi_snapshot.defaults import IS_DEFAULT, IS_DEFAULT_STORAGE
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import (
    CRD,
    CSI_DRIVER,
    CSI_NODE,
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    NODE,
    POD,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    Kind,
)
from pytest_csi_snapshot.labels import RUN

from . import mending, policies
from .namespace_operator import on_each_namespace, restricted, small_quota

Json = dict[str, Any]
Break = Callable[[KubeClient], AbstractContextManager[object]]

CLASS = "longhorn"
DRIVERS, CONTROLLER = "longhorn-system", "kube-system"


@dataclass(frozen=True)
class Way:
    """How to break it, the finding by its name, words of the line that tells what to do, and the exit code."""

    broken: Break
    finding: str
    remedy: str
    code: int = 3
    seen: str = ""
    args: list[str] = field(default_factory=list)


@contextmanager
def nothing(_client: KubeClient) -> Iterator[None]:
    """The cluster as it is: the command line does it."""
    yield


def without_rules(client: KubeClient, *kinds: Kind) -> AbstractContextManager[object]:
    """The CRDs of these kinds as they were once: without CEL."""
    return _all(
        mending.changed(client, CRD, f"{kind.plural}.{kind.api_version.partition('/')[0]}", _strip_rules)
        for kind in kinds
    )


def _strip_rules(body: Any) -> None:
    if isinstance(body, dict):
        body.pop("x-kubernetes-validations", None)
    for part in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        _strip_rules(part)


def _beta_only(crd: Json) -> Json:
    version = next(each for each in crd["spec"]["versions"] if each["name"] == "v1")
    crd["spec"]["versions"] = [{**version, "name": "v1beta1"}]
    return crd


def scaled(namespace: str, name: str) -> Break:
    return partial(mending.scaled_to_nothing, namespace=namespace, name=name)


def crashing(namespace: str, name: str) -> Break:
    return partial(mending.broken_container, namespace=namespace, name=name, args=["--no-such-option"])


def unpullable(namespace: str, name: str) -> Break:
    return partial(mending.broken_container, namespace=namespace, name=name, image="registry.invalid/gone:1")


@contextmanager
def other_drivers_class(client: KubeClient) -> Iterator[None]:
    """A VolumeSnapshotClass, but of another driver."""
    other = {"metadata": {"name": "other"}, "driver": "other.example.com", "deletionPolicy": "Delete"}
    with mending.without(client, SNAPSHOT_CLASS, CLASS), mending.made(client, SNAPSHOT_CLASS, other):
        yield


def second_snapshot_default(client: KubeClient) -> AbstractContextManager[object]:
    body = {"metadata": {"name": "second", "annotations": {IS_DEFAULT: "true"}}, "deletionPolicy": "Delete",
            "driver": "driver.longhorn.io"}  # fmt: skip
    return _all([
        mending.annotated(client, SNAPSHOT_CLASS, CLASS, {IS_DEFAULT: "true"}),
        mending.made(client, SNAPSHOT_CLASS, body),
    ])  # fmt: skip


def second_storage_default(provisioner: str) -> Break:
    body = {
        "metadata": {"name": "second", "annotations": {IS_DEFAULT_STORAGE: "true"}},
        "provisioner": provisioner,
    }
    return partial(mending.made, kind=STORAGE_CLASS, body=body)


def may_only_look(program: str) -> Break:
    """A controller without the rights to do anything."""

    def only_look(role: Json) -> None:
        role["rules"] = [{**rule, "verbs": ["get", "list", "watch"]} for rule in role["rules"]]

    return lambda client: mending.changed(client, CLUSTER_ROLE, f"pytest-csi-snapshot:{program}", only_look)


def snapshotter_without_a_verb(client: KubeClient) -> AbstractContextManager[object]:
    """The csi-snapshotter lacks one verb, which it does not need for what the probes ask."""

    def less(role: Json) -> None:
        for rule in role["rules"]:
            if rule["resources"] == ["volumesnapshotcontents"]:
                rule["verbs"] = [verb for verb in rule["verbs"] if verb != "patch"]

    return mending.changed(client, CLUSTER_ROLE, "pytest-csi-snapshot:csi-snapshotter", less)


def unregistered(client: KubeClient) -> AbstractContextManager[object]:
    return _on_all(client, CSI_NODE, lambda node: node["spec"].update(drivers=[]))


def full(client: KubeClient) -> AbstractContextManager[object]:
    """Nodes that take no volume at all."""

    def none_left(node: Json) -> None:
        for driver in node["spec"]["drivers"]:
            driver["allocatable"] = {"count": 0}

    return _on_all(client, CSI_NODE, none_left)


def cordoned(client: KubeClient, count: int) -> AbstractContextManager[object]:
    return _on_all(client, NODE, lambda node: node["spec"].update(unschedulable=True), count)


@contextmanager
def not_ready(client: KubeClient) -> Iterator[None]:
    """Nodes whose kubelet says so; a process node says the contrary every few minutes only."""
    names = [node["metadata"]["name"] for node in client.list(NODE)]

    def tell(state: str) -> None:
        for name in names:
            node = client.get(NODE, None, name)
            for condition in node["status"]["conditions"]:
                condition["status"] = state if condition["type"] == "Ready" else condition["status"]
            client.replace(NODE, node, subresource="status")

    tell("False")
    try:
        yield
    finally:
        tell("True")


def leftovers(client: KubeClient) -> AbstractContextManager[object]:
    body = {"metadata": {"name": "csi-5eed5eed-class", "labels": {RUN: "5eed5eed"}}, "deletionPolicy": "Retain",
            "driver": "driver.longhorn.io"}  # fmt: skip
    return mending.made(client, SNAPSHOT_CLASS, body)


def _on_all(
    client: KubeClient, kind: Kind, change: Callable[[Json], None], count: int = 2
) -> AbstractContextManager[object]:
    names = [each["metadata"]["name"] for each in client.list(kind)][:count]
    return _all(mending.changed(client, kind, name, change) for name in names)


@contextmanager
def _all(changes: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for change in changes:
            stack.enter_context(change)
        yield


def no_crd(kind: Kind) -> Break:
    return partial(mending.without_crd, instances=kind)


def taken_away(kind: Kind, name: str) -> Break:
    return lambda client: mending.without(client, kind, name)


WAYS: dict[str, Way] = {
    "no CRD of snapshots": Way(
        no_crd(SNAPSHOT),
        "snapshot-crds-missing",
        "client/config/crd",
        seen="volumesnapshots.snapshot.storage.k8s.io",
    ),
    "no CRD of contents": Way(
        no_crd(SNAPSHOT_CONTENT),
        "snapshot-crds-missing",
        "client/config/crd",
        seen="volumesnapshotcontents.snapshot.storage.k8s.io",
    ),
    "no CRD of snapshot classes": Way(
        no_crd(SNAPSHOT_CLASS),
        "snapshot-crds-missing",
        "client/config/crd",
        seen="volumesnapshotclasses.snapshot.storage.k8s.io",
    ),
    **{
        f"no CRD of {named}": Way(
            no_crd(kind),
            "group-crds-in-part",
            "install all three",
            seen=f"no CustomResourceDefinition {kind.plural}.groupsnapshot.storage.k8s.io, but there are others",
        )
        for named, kind in {
            "group snapshots": GROUP_SNAPSHOT,
            "group contents": GROUP_CONTENT,
            "group classes": GROUP_CLASS,
        }.items()
    },
    "group CRDs of an old bundle": Way(
        lambda client: without_rules(client, GROUP_SNAPSHOT),
        "group-rules-missing",
        "upgrade the CRDs to 8.4",
        seen="volumegroupsnapshots.groupsnapshot.storage.k8s.io has 0 of 7",
    ),
    "CRDs of an old bundle": Way(
        lambda client: without_rules(client, SNAPSHOT, SNAPSHOT_CONTENT),
        "snapshot-rules-missing",
        "upgrade the CRDs to 8.0",
        seen="volumesnapshots.snapshot.storage.k8s.io has 0 of 6",
    ),
    "a CRD that serves no v1": Way(
        partial(mending.without_crd, instances=SNAPSHOT, instead=_beta_only),
        "snapshot-crds-too-old",
        "4.0 or later",
        seen="volumesnapshots.snapshot.storage.k8s.io serves v1beta1",
    ),
    "no snapshot-controller": Way(
        scaled(CONTROLLER, "snapshot-controller"),
        "snapshot-controller-missing",
        "deploy/kubernetes/snapshot-controller",
    ),
    "a snapshot-controller that crashes": Way(
        crashing(CONTROLLER, "snapshot-controller"),
        "snapshot-controller-down",
        "--previous",
        seen="CrashLoopBackOff",
    ),
    "a snapshot-controller without rights": Way(
        may_only_look("snapshot-controller"),
        "snapshot-controller-silent",
        "kubectl -n kube-system logs",
        seen="may not update",
    ),
    "a snapshotter that lacks a verb": Way(
        snapshotter_without_a_verb,
        "controllers-lack-rights",
        "clusterrolebindings",
        0,
        seen="csi-snapshotter may not patch volumesnapshotcontents",
    ),
    "no csi-snapshotter": Way(
        scaled(DRIVERS, "csi-snapshotter"), "csi-snapshotter-missing", "external-snapshotter"
    ),
    "a csi-snapshotter without an image": Way(
        unpullable(DRIVERS, "csi-snapshotter"), "csi-snapshotter-down", "describe pod", seen="Image"
    ),
    "a csi-snapshotter without rights": Way(
        may_only_look("csi-snapshotter"),
        "csi-snapshotter-silent",
        "kubectl -n longhorn-system logs",
        seen="its account may not update volumesnapshotcontents",
    ),
    "no csi-provisioner": Way(
        scaled(DRIVERS, "csi-provisioner"), "csi-provisioner-missing", "external-provisioner"
    ),
    "no csi-attacher": Way(scaled(DRIVERS, "csi-attacher"), "csi-attacher-missing", "external-attacher"),
    "no csi-resizer": Way(scaled(DRIVERS, "csi-resizer"), "csi-resizer-missing", "external-resizer"),
    "no StorageClass": Way(
        taken_away(STORAGE_CLASS, CLASS),
        "storage-class-missing",
        "provisioner: driver.longhorn.io",
    ),
    "no VolumeSnapshotClass": Way(
        taken_away(SNAPSHOT_CLASS, CLASS),
        "snapshot-class-missing",
        "driver: driver.longhorn.io",
    ),
    "a class of another driver": Way(
        other_drivers_class, "snapshot-class-missing", "driver: driver.longhorn.io", seen="of other.example.com"
    ),
    "two default snapshot classes": Way(
        second_snapshot_default,
        "snapshot-defaults-several",
        f"kubectl annotate volumesnapshotclass second {IS_DEFAULT}-",
        0,
    ),
    "two default storage classes": Way(
        second_storage_default("driver.longhorn.io"),
        "storage-defaults-several",
        f"kubectl annotate storageclass second {IS_DEFAULT_STORAGE}-",
        0,
    ),
    "a default class that is not CSI": Way(
        second_storage_default("example.com/nfs"),
        "default-storage-class-not-csi",
        "storageclass",
        0,
        seen="second of example.com/nfs",
    ),
    "no CSIDriver": Way(
        taken_away(CSI_DRIVER, "driver.longhorn.io"),
        "csi-driver-object-missing",
        "create the CSIDriver",
        0,
    ),
    "a driver on no node": Way(unregistered, "driver-not-registered", "node-driver-registrar"),
    "cordoned nodes": Way(
        partial(cordoned, count=2),
        "no-node-for-the-driver",
        "kubectl uncordon node-1 node-2",
        seen="node-1 is cordoned",
    ),
    "one cordoned node": Way(
        partial(cordoned, count=1), "some-nodes-take-no-pods", "kubectl describe node node-1", 0
    ),
    "nodes that are not ready": Way(
        not_ready, "no-node-for-the-driver", "kubectl describe node", seen="is not ready"
    ),
    "nodes that are full": Way(full, "no-free-attachment", "add a node", seen="0 of 0"),
    "an image that cannot be pulled": Way(
        nothing, "image-not-pullable", "now: registry.invalid/none:1", args=["--csi-image=registry.invalid/none:1"]
    ),
    "a quota that is too small": Way(
        partial(on_each_namespace, act=small_quota),
        "quota-too-small",
        "resourcequotas",
        seen="ResourceQuota small: requests.storage 10Mi",
    ),
    "a policy that refuses pods": Way(
        lambda client: policies.refused(client, POD),
        "pod-refused",
        "must let pods in",
        seen=policies.MESSAGE,
    ),
    "restricted Pod Security": Way(
        partial(on_each_namespace, act=restricted),
        "pod-security-too-strict",
        "pod-security.kubernetes.io/enforce=baseline",
        seen="violates PodSecurity",
    ),
    "leftovers": Way(
        leftovers,
        "leftovers",
        "-l pytest-csi-snapshot/run=5eed5eed",
        0,
        seen="VolumeSnapshotClass csi-5eed5eed-class",
    ),
}
"""Name -> a cluster that lacks something, and what is said of it."""
