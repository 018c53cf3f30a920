"""A snapshot of the volume of a running database, made dynamically, with all that can be seen of it."""

from __future__ import annotations

from datetime import datetime

from .backend import Backend
from .shell import Shell
from .steps import AGE, UID, bound, committed, content_of, looks_like, ready, shows, shows_claim, until, volume_of

DEMO = "mysql-snapshot-demo"
GIB = 1 << 30


def test_the_volume_of_the_story_is_in_use(shell: Shell) -> None:
    """The claim mysql-pvc is bound and used by a running database."""
    shell.run("kubectl create configmap database --from-file=database.py")
    shell.run("kubectl apply -f mysql.yaml")
    bound(shell, "mysql-pvc")
    shows_claim(shell.run("kubectl get pvc mysql-pvc"), "mysql-pvc", "1Gi")
    until(shell, "pod/mysql", "condition=Ready")
    database = committed(shell)
    assert (database["integrity"], database["rows"]) == ("ok", 2000)


def test_the_class_is_created(shell: Shell) -> None:
    """The class longhorn is created; it names driver and deletion policy."""
    created = shell.run("kubectl apply -f snapshotclass.yaml")
    assert created.text == "volumesnapshotclass.snapshot.storage.k8s.io/longhorn created\n"


def test_the_snapshot_is_created(shell: Shell) -> None:
    """The snapshot mysql-snapshot-demo of mysql-pvc is created."""
    created = shell.run("kubectl apply -f snapshot-mysql.yaml")
    assert created.text == f"volumesnapshot.snapshot.storage.k8s.io/{DEMO} created\n"


def test_the_class_is_listed(shell: Shell) -> None:
    """The class is listed with driver and deletion policy."""
    classes = shell.run("kubectl get volumesnapshotclass")
    assert classes.columns == ["NAME", "DRIVER", "DELETIONPOLICY", "AGE"]
    row = classes.row("longhorn")
    assert (row["DRIVER"], row["DELETIONPOLICY"]) == ("driver.longhorn.io", "Delete")
    assert looks_like(AGE, row["AGE"])


def test_the_snapshot_is_listed(shell: Shell) -> None:
    """The snapshot is ready, with source, size, class, content and time."""
    uid = ready(shell, DEMO)["metadata"]["uid"]
    snapshots = shell.run("kubectl get volumesnapshot")
    assert snapshots.columns == [
        "NAME",
        "READYTOUSE",
        "SOURCEPVC",
        "SOURCESNAPSHOTCONTENT",
        "RESTORESIZE",
        "SNAPSHOTCLASS",
        "SNAPSHOTCONTENT",
        "CREATIONTIME",
        "AGE",
    ]
    row = snapshots.row(DEMO)
    assert (row["READYTOUSE"], row["SOURCEPVC"], row["SOURCESNAPSHOTCONTENT"]) == ("true", "mysql-pvc", "")
    assert (row["RESTORESIZE"], row["SNAPSHOTCLASS"]) == ("1Gi", "longhorn")
    assert row["SNAPSHOTCONTENT"] == f"snapcontent-{uid}"
    assert looks_like(AGE, row["CREATIONTIME"])
    assert looks_like(AGE, row["AGE"])


def test_the_content_is_listed(shell: Shell) -> None:
    """A content was made for it, which shows the size in bytes."""
    uid = shell.get(f"volumesnapshot {DEMO}")["metadata"]["uid"]
    contents = shell.run("kubectl get volumesnapshotcontent")
    shows(
        contents,
        "NAME",
        "READYTOUSE",
        "RESTORESIZE",
        "DELETIONPOLICY",
        "DRIVER",
        "VOLUMESNAPSHOTCLASS",
        "VOLUMESNAPSHOT",
        "VOLUMESNAPSHOTNAMESPACE",
        "AGE",
    )
    row = contents.row(f"snapcontent-{uid}")
    assert (row["READYTOUSE"], row["RESTORESIZE"], row["DELETIONPOLICY"]) == ("true", "1073741824", "Delete")
    assert (row["DRIVER"], row["VOLUMESNAPSHOTCLASS"]) == ("driver.longhorn.io", "longhorn")
    assert (row["VOLUMESNAPSHOT"], row["VOLUMESNAPSHOTNAMESPACE"]) == (DEMO, "default")


def test_the_content_field_by_field(shell: Shell) -> None:
    """The content's YAML: policy, driver, class, source volume, and the snapshot that it belongs to."""
    snapshot = shell.get(f"volumesnapshot {DEMO}")
    uid, volume = snapshot["metadata"]["uid"], volume_of(shell, "mysql-pvc")
    content = shell.run(f"kubectl get volumesnapshotcontent snapcontent-{uid} -o json").json
    assert (content["apiVersion"], content["kind"]) == ("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent")
    spec, reference = content["spec"], content["spec"]["volumeSnapshotRef"]
    assert (spec["deletionPolicy"], spec["driver"]) == ("Delete", "driver.longhorn.io")
    assert spec["source"] == {"volumeHandle": volume}
    assert spec["volumeSnapshotClassName"] == "longhorn"
    assert isinstance(reference.pop("resourceVersion"), str)
    assert reference == {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "name": DEMO,
        "namespace": "default",
        "uid": uid,
    }


def test_the_status_of_the_content(shell: Shell) -> None:
    """Its status: time in nanoseconds, readiness, size, and the handle that names volume and backup."""
    volume = volume_of(shell, "mysql-pvc")
    status = content_of(shell, DEMO)["status"]
    assert status["readyToUse"] is True
    assert status["restoreSize"] == GIB
    assert type(status["creationTime"]) is int
    assert status["creationTime"] % 1_000_000_000 == 0, "whole seconds, as this Longhorn keeps them"
    told = datetime.fromisoformat(shell.get(f"volumesnapshot {DEMO}")["status"]["creationTime"])
    assert told.timestamp() == status["creationTime"] / 1_000_000_000
    assert looks_like(f"bs://{volume}/backup-[0-9a-f]{{16}}", status["snapshotHandle"])


def test_the_snapshot_in_the_backend(shell: Shell, backend: Backend) -> None:
    """Longhorn has a snapshot with the uid of the VolumeSnapshot in its name."""
    uid = shell.get(f"volumesnapshot {DEMO}")["metadata"]["uid"]
    tree = backend.snapshots(volume_of(shell, "mysql-pvc"))
    assert set(tree) == {f"snapshot-{uid}", "volume-head"}
    made = tree[f"snapshot-{uid}"]
    assert made["usercreated"] is True
    assert list(made["children"]) == ["volume-head"]
    assert int(made["size"]) > 0


def test_the_backup_in_the_backend(shell: Shell, backend: Backend) -> None:
    """Longhorn made a backup of it too, which the handle names."""
    uid, volume = shell.get(f"volumesnapshot {DEMO}")["metadata"]["uid"], volume_of(shell, "mysql-pvc")
    handle = content_of(shell, DEMO)["status"]["snapshotHandle"]
    backups = backend.backups(volume)
    assert list(backups) == [handle.rpartition("/")[2]]
    (backup,) = backups.values()
    assert (backup["snapshotName"], backup["state"]) == (f"snapshot-{uid}", "Completed")
    assert looks_like(f"snapshot-{UID}", backup["snapshotName"])
