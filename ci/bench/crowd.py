"""Fills an embedded cluster with snapshots, contents, claims and volumes of somebody else's driver, at once.

Through the API server 20,000 of each kind, with their statuses, would be 160,000 writes, an hour's work of a real
cluster. So they are put where the API server keeps them, as it would: JSON under ``/registry``, many in one
transaction of etcd. It then serves, lists and watches them as all others. etcd listens in the network namespace of
the cluster only, where this runs:

    nsenter --net=/proc/PID/ns/net python ci/bench/crowd.py COUNT
"""

from __future__ import annotations

import base64
import http.client
import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Json = dict[str, Any]

DRIVER = "snapshots.example.com"
CLASS = "somebodys"
"""Name of the StorageClass and of the VolumeSnapshotClass of all of them."""

NAMESPACES = 20
TOGETHER = 25
"""Numbers of one transaction, of four objects each; etcd takes 128."""

CONNECTIONS = 8

MADE = "2026-01-02T03:04:05Z"

UNUSED = {
    "type": "Unused",
    "status": "True",
    "lastProbeTime": None,
    "lastTransitionTime": MADE,
    "reason": "NoPodsUsingPVC",
    "message": "No pods are currently referencing this PVC",
}
"""What Kubernetes 1.37 writes to a claim without pods. Without it all claims would be written anew meanwhile."""

ETCD = ("127.0.0.1", 2379)
SIZE = "1Gi"


def namespace(number: int) -> str:
    """Where the object of this number lies."""
    return f"somebody-{number % NAMESPACES}"


def homes(count: int) -> Iterator[tuple[str, Json]]:
    """The namespaces of so many objects, and the class of the snapshots: keys, objects.

    Without the class a snapshot-controller would try each of them again and again.
    """
    yield f"snapshot.storage.k8s.io/volumesnapshotclasses/{CLASS}", _class()
    for number in range(min(count, NAMESPACES)):
        name = namespace(number)
        yield (
            f"namespaces/{name}",
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": _meta(name, labels={"kubernetes.io/metadata.name": name}),
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            },
        )


def _class() -> Json:
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": _meta(CLASS),
        "driver": DRIVER,
        "deletionPolicy": "Delete",
    }


def stored(numbers: range) -> Iterator[tuple[str, Json]]:
    """What etcd is to hold: keys, objects. For each number a claim, its volume, its snapshot and the content."""
    for number in numbers:
        home, name = namespace(number), f"data-{number}"
        claim, volume = _claim(home, name), f"pvc-{_uid(f'claim {name}')}"
        yield f"persistentvolumeclaims/{home}/{name}", claim
        yield f"persistentvolumes/{volume}", _volume(volume, claim)
        snapshot = _snapshot(home, name)
        yield f"snapshot.storage.k8s.io/volumesnapshots/{home}/{name}", snapshot
        content = _content(snapshot)
        yield f"snapshot.storage.k8s.io/volumesnapshotcontents/{content['metadata']['name']}", content


def _claim(home: str, name: str) -> Json:
    volume = f"pvc-{_uid(f'claim {name}')}"
    annotations = {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.beta.kubernetes.io/storage-provisioner": DRIVER,
        "volume.kubernetes.io/storage-provisioner": DRIVER,
    }
    capacity = {"storage": SIZE}
    meta = _meta(name, home, _uid(f"claim {name}"), annotations=annotations)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {**meta, "finalizers": ["kubernetes.io/pvc-protection"]},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": capacity},
            "storageClassName": CLASS,
            "volumeMode": "Filesystem",
            "volumeName": volume,
        },
        "status": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": capacity,
            "conditions": [UNUSED],
            "phase": "Bound",
        },
    }


def _volume(name: str, claim: Json) -> Json:
    meta = claim["metadata"]
    reference = {key: meta[key] for key in ("name", "namespace", "uid")}
    annotations = {"pv.kubernetes.io/provisioned-by": DRIVER}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {**_meta(name, annotations=annotations), "finalizers": ["kubernetes.io/pv-protection"]},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": SIZE},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **reference},
            "csi": {"driver": DRIVER, "fsType": "ext4", "volumeHandle": name},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": CLASS,
            "volumeMode": "Filesystem",
        },
        "status": {"phase": "Bound"},
    }


def _snapshot(home: str, name: str) -> Json:
    uid = _uid(f"snapshot {name}")
    finalizers = [
        "snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection",
        "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection",
    ]
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {**_meta(name, home, uid), "finalizers": finalizers},
        "spec": {"source": {"persistentVolumeClaimName": name}, "volumeSnapshotClassName": CLASS},
        "status": {
            "boundVolumeSnapshotContentName": f"snapcontent-{uid}",
            "creationTime": MADE,
            "readyToUse": True,
            "restoreSize": SIZE,
        },
    }


def _content(snapshot: Json) -> Json:
    meta = snapshot["metadata"]
    name = snapshot["status"]["boundVolumeSnapshotContentName"]
    reference = {key: meta[key] for key in ("name", "namespace", "uid")}
    bound = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotContent",
        "metadata": {**_meta(name), "finalizers": [bound]},
        "spec": {
            "deletionPolicy": "Delete",
            "driver": DRIVER,
            "source": {"volumeHandle": f"pvc-{_uid('claim ' + meta['name'])}"},
            "sourceVolumeMode": "Filesystem",
            "volumeSnapshotClassName": CLASS,
            "volumeSnapshotRef": {
                "apiVersion": "snapshot.storage.k8s.io/v1",
                "kind": "VolumeSnapshot",
                **reference,
            },
        },
        "status": {
            "creationTime": 1767323045000000000,
            "readyToUse": True,
            "restoreSize": 1 << 30,
            "snapshotHandle": f"snap-{meta['uid']}",
        },
    }


def _meta(name: str, home: str = "", uid: str = "", **more: Any) -> Json:
    """Metadata with what every object of a real cluster has: half of its bytes say who manages which field."""
    fields: Json = {f"f:{key}": {".": {}, **{f"k:{json.dumps(inner)}": {} for inner in more[key]}} for key in more}
    manager = {"manager": "somebodys-controller", "operation": "Update", "time": MADE, "fieldsType": "FieldsV1"}
    return {
        "name": name,
        **({"namespace": home} if home else {}),
        "uid": uid or _uid(name),
        "generation": 1,
        "creationTimestamp": MADE,
        **more,
        "managedFields": [
            {**manager, "apiVersion": "v1", "fieldsV1": {"f:metadata": {"f:finalizers": {".": {}}, **fields}}},
            {
                **manager,
                "apiVersion": "v1",
                "fieldsV1": {"f:status": {"f:phase": {}, "f:capacity": {}}},
                "subresource": "status",
            },
        ],
    }


def _uid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def fill(count: int) -> int:
    """Put everything; the number of objects. Raises OSError, and ValueError where etcd refuses."""
    parts = [range(first, min(first + TOGETHER, count)) for first in range(0, count, TOGETHER)]
    made = _put(homes(count))
    with ThreadPoolExecutor(CONNECTIONS) as pool:  # on a busy machine it is waiting for turns that takes the time
        return made + sum(pool.map(lambda numbers: _put(stored(numbers)), parts))


def _put(several: Iterable[tuple[str, Json]]) -> int:
    connection = http.client.HTTPConnection(*ETCD, timeout=60)
    try:
        puts = [{"requestPut": {"key": _coded(f"/registry/{key}"), "value": _coded(json.dumps(body))}}
                for key, body in several]  # fmt: skip
        connection.request("POST", "/v3/kv/txn", json.dumps({"success": puts}))
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise ValueError(f"etcd: {response.status} {answer.decode(errors='replace')}")
    return len(puts)


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def main(argv: list[str]) -> int:
    print(fill(int(argv[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
