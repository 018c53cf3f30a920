"""What templates of namespaces do on many clusters: each new namespace of a run gets a quota or a label."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import NAMESPACE, RESOURCE_QUOTA
from pytest_csi_snapshot.labels import RUN

Json = dict[str, Any]


@contextmanager
def on_each_namespace(client: KubeClient, act: Callable[[KubeClient, str], None]) -> Iterator[None]:
    """Act on every namespace that a run makes meanwhile."""
    version = client.request("GET", NAMESPACE.path(), query={"limit": 1})["metadata"]["resourceVersion"]
    ending = threading.Event()

    def follow() -> None:
        # Until the server ends the watch: short, so that the end of the block is not long in coming.
        begun = version
        while not ending.is_set():
            for event in client.watch(NAMESPACE, resourceVersion=begun, timeoutSeconds=1, labelSelector=RUN):
                begun = event["object"]["metadata"]["resourceVersion"]
                if event["type"] == "ADDED":
                    act(client, event["object"]["metadata"]["name"])

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(timeout=10)


def small_quota(client: KubeClient, namespace: str) -> None:
    """Ten mebibytes of storage, in force at once: the controller of quotas would need a moment."""
    hard = {"requests.storage": "10Mi"}
    body: Json = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small", "namespace": namespace},
    }
    client.create(RESOURCE_QUOTA, {**body, "spec": {"hard": hard}})
    status = {"status": {"hard": hard, "used": {"requests.storage": "0"}}}
    client.patch(RESOURCE_QUOTA, namespace, "small", status, subresource="status")


def restricted(client: KubeClient, namespace: str) -> None:
    """The strictest Pod Security level."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    client.patch(NAMESPACE, None, namespace, {"metadata": {"labels": labels}})
