"""Reads what a cluster has. Nothing is changed; what we may not read is noted, what is not served is empty."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import (
    CRD,
    CSI_DRIVER,
    CSI_NODE,
    GROUP_API,
    GROUP_CLASS,
    GROUP_VERSIONS,
    LEASE,
    NAMESPACE,
    NODE,
    POD,
    SNAPSHOT_API,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    VOLUME_ATTACHMENT,
    Kind,
)
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import lost, repeating
from pytest_csi_snapshot.labels import RUN, Mark
from pytest_csi_snapshot.owning import OwnedClient

from .evidence import Survey

Json = dict[str, Any]

SNAPSHOT_CRDS = tuple(
    f"{plural}.{SNAPSHOT_API.partition('/')[0]}"
    for plural in ("volumesnapshots", "volumesnapshotcontents", "volumesnapshotclasses")
)
GROUP_CRDS = tuple(
    f"{plural}.{GROUP_API}"
    for plural in ("volumegroupsnapshots", "volumegroupsnapshotcontents", "volumegroupsnapshotclasses")
)
GRANTS = "referencegrants.gateway.networking.k8s.io"

_LISTS: dict[str, Kind] = {
    "drivers": CSI_DRIVER,
    "csi_nodes": CSI_NODE,
    "nodes": NODE,
    "storage_classes": STORAGE_CLASS,
    "snapshot_classes": SNAPSHOT_CLASS,
    "pods": POD,
    "leases": LEASE,
    "attachments": VOLUME_ATTACHMENT,
}


def _narrowed(driver: str) -> dict[str, Json]:
    """What is wanted of the lists that are long in a large cluster."""
    return {
        "pods": {"keep": inventory.concerned},
        "leases": {"fieldSelector": f"metadata.name={inventory.snapshotter_lease(driver)}"},
        "attachments": {"keep": lambda body: body["spec"].get("attacher") == driver},
    }


_LABELLED = (NAMESPACE, STORAGE_CLASS, SNAPSHOT_CLASS, SNAPSHOT_CONTENT)
"""What a run leaves behind, if it leaves anything."""


class Surveyor:
    """One look at a cluster, many requests side by side."""

    def __init__(self, client: KubeClient) -> None:
        self._client = OwnedClient(client, History(), Mark("", ""))  # it asks again where a server is busy
        self._plain = client
        self._refused: list[str] = []
        self._absent: list[str] = []

    def survey(self, driver: str) -> Survey:
        """Everything at once. Raises ApiUnreachableError, and ApiError where the server itself is in trouble."""
        with ThreadPoolExecutor(12) as pool:
            version = pool.submit(repeating(lost), self._plain.request, "GET", "/version")
            narrowed = _narrowed(driver)
            lists = {name: pool.submit(self._all, kind, **narrowed.get(name, {})) for name, kind in _LISTS.items()}
            groups = [pool.submit(self._all, GROUP_CLASS.at(each)) for each in GROUP_VERSIONS]
            left = [pool.submit(self._all, kind, labelSelector=RUN) for kind in _LABELLED]
            crds = {name: pool.submit(self._definition, name) for name in (*SNAPSHOT_CRDS, *GROUP_CRDS, GRANTS)}
        found = {name: body for name, each in crds.items() if (body := each.result()) is not None}
        return Survey(
            driver,
            version=str(version.result().get("gitVersion", "")),
            definitions={name: body for name, body in found.items() if name != GRANTS},
            grants=GRANTS in found,
            group_classes=next((classes for each in groups if (classes := each.result())), ()),
            leftovers=[body for each in left for body in each.result()],
            refused=sorted(set(self._refused)),
            absent=sorted(set(self._absent)),
            **{name: each.result() for name, each in lists.items()},
        )

    def _all(self, kind: Kind, **query: Any) -> list[Json]:
        try:
            return [{"kind": kind.kind, **body} for body in self._client.list(kind, **query)]
        except ApiError as error:
            self._tolerate(error, kind)
            return []

    def _definition(self, name: str) -> Json | None:
        try:
            return self._client.find(CRD, None, name)
        except ApiError as error:
            self._tolerate(error, CRD)
            return None

    def _tolerate(self, error: ApiError, kind: Kind) -> None:
        if error.status == 403:
            self._refused.append(kind.plural)
        elif error.not_found:
            self._absent.append(kind.plural)
        else:
            raise error
