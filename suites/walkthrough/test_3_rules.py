"""What the tutorial says of snapshots without showing it: default class, static binding, protection, policies."""

from __future__ import annotations

from .backend import Backend
from .shell import Shell
from .steps import bound, content_of, create, hold, let_go, ready, until, volume_of
from .test_2_snapshot import DEMO

AS_SOURCE = "snapshot.storage.kubernetes.io/pvc-as-source-protection"
IN_USE = "kubernetes.io/pvc-protection"
STATIC = ("/ClassName/d", "/ClaimName/d", "s/# volumeSnapshotContentName/volumeSnapshotContentName/")
"""How the tutorial's snapshot becomes one that names a content: by the line that is a comment in it."""


def test_a_class_can_be_the_default(shell: Shell) -> None:
    """With an annotation the class becomes the default: a snapshot that names none gets it."""
    changed = shell.run(
        "sed 's/# annotations:/annotations:/; s/#   snapshot/  snapshot/' snapshotclass.yaml | kubectl apply -f -"
    )
    assert changed.text == "volumesnapshotclass.snapshot.storage.k8s.io/longhorn configured\n"
    create(shell, "snapshot-mysql.yaml", "/volumeSnapshotClassName/d", f"s/{DEMO}/mysql-snapshot-default/")
    assert ready(shell, "mysql-snapshot-default")["spec"]["volumeSnapshotClassName"] == "longhorn"
    shell.run("kubectl apply -f snapshotclass.yaml")


def test_policy_delete_removes_content_and_backup(shell: Shell, backend: Backend) -> None:
    """With policy Delete the content and the stored snapshot go with the VolumeSnapshot."""
    content, volume = content_of(shell, "mysql-snapshot-default"), volume_of(shell, "mysql-pvc")
    backup = content["status"]["snapshotHandle"].rpartition("/")[2]
    assert backup in list(backend.backups(volume))
    shell.run("kubectl delete volumesnapshot mysql-snapshot-default")
    until(shell, f"volumesnapshotcontent/{content['metadata']['name']}", "delete")
    assert backup not in list(backend.backups(volume))


def test_policy_retain_keeps_content_and_backup(shell: Shell, backend: Backend) -> None:
    """With policy Retain both are kept and must be removed by hand."""
    create(shell, "snapshotclass.yaml", "s/name: longhorn/name: longhorn-retain/", "s/: Delete/: Retain/")
    renamed = f"s/{DEMO}/mysql-snapshot-retain/"
    create(shell, "snapshot-mysql.yaml", "s/ClassName: longhorn/ClassName: longhorn-retain/", renamed)
    ready(shell, "mysql-snapshot-retain")
    content, volume = content_of(shell, "mysql-snapshot-retain"), volume_of(shell, "mysql-pvc")
    name, backup = content["metadata"]["name"], content["status"]["snapshotHandle"].rpartition("/")[2]
    shell.run("kubectl delete volumesnapshot mysql-snapshot-retain")
    assert shell.get(f"volumesnapshotcontent {name}")["spec"]["deletionPolicy"] == "Retain"
    assert backup in list(backend.backups(volume))

    shell.run(
        f"kubectl patch volumesnapshotcontent {name} --type merge "
        """-p '{"spec":{"deletionPolicy":"Delete"}}'"""
    )
    shell.run(f"kubectl delete volumesnapshotcontent {name}")
    assert backup not in list(backend.backups(volume))


def test_a_content_can_come_first(shell: Shell) -> None:
    """Static provisioning: an administrator's content is there first, and a snapshot names it."""
    create(shell, "content.yaml", f"s,HANDLE,{content_of(shell, DEMO)['status']['snapshotHandle']},")
    create(shell, "snapshot-mysql.yaml", *STATIC, f"s/{DEMO}/mysql-snapshot-static/")
    snapshot = ready(shell, "mysql-snapshot-static")
    assert snapshot["status"]["boundVolumeSnapshotContentName"] == "test-content"
    row = shell.run("kubectl get volumesnapshot").row("mysql-snapshot-static")
    assert (row["SOURCEPVC"], row["SOURCESNAPSHOTCONTENT"]) == ("", "test-content")
    reference = content_of(shell, "mysql-snapshot-static")["spec"]["volumeSnapshotRef"]
    assert reference["uid"] == snapshot["metadata"]["uid"]


def test_binding_is_one_to_one(shell: Shell) -> None:
    """A content belongs to one snapshot only: a second one that names it stays unbound."""
    create(shell, "snapshot-mysql.yaml", *STATIC, f"s/{DEMO}/mysql-snapshot-second/")
    until(shell, "volumesnapshot/mysql-snapshot-second", "jsonpath={.status.error.message}")
    status = shell.get("volumesnapshot mysql-snapshot-second")["status"]
    assert not status.get("readyToUse")
    assert "boundVolumeSnapshotContentName" not in status
    reference = content_of(shell, "mysql-snapshot-static")["spec"]["volumeSnapshotRef"]
    assert reference["name"] == "mysql-snapshot-static"
    shell.run("kubectl delete volumesnapshot mysql-snapshot-second mysql-snapshot-static")
    shell.run("kubectl delete volumesnapshotcontent test-content")


def test_a_claim_is_kept_while_its_snapshot_is_made(shell: Shell) -> None:
    """A claim that is deleted while a snapshot of it is being made goes only when that is done."""
    _snapshot_without_sidecar(shell, "mysql-kept")
    shell.run("kubectl delete pvc mysql-kept --wait=false")
    assert {AS_SOURCE, IN_USE} <= set(shell.get("pvc mysql-kept")["metadata"]["finalizers"])
    shell.run("kubectl scale deployment csi-snapshotter -n longhorn-system --replicas=3")
    ready(shell, "snapshot-of-mysql-kept")
    shell.run("kubectl delete pod holder-of-mysql-kept")
    until(shell, "pvc/mysql-kept", "delete")
    shell.run("kubectl delete volumesnapshot snapshot-of-mysql-kept")


def test_a_claim_goes_when_its_snapshot_is_given_up(shell: Shell) -> None:
    """Or when the snapshot is given up."""
    _snapshot_without_sidecar(shell, "mysql-freed")
    let_go(shell, "mysql-freed")
    shell.run("kubectl delete pvc mysql-freed --wait=false")
    # Nothing uses it any more: what keeps it now is the snapshot alone.
    until(shell, "pvc/mysql-freed", f"'jsonpath={{.metadata.finalizers[0]}}={AS_SOURCE}'")
    shell.run("kubectl delete volumesnapshot snapshot-of-mysql-freed --wait=false")
    shell.run("kubectl scale deployment csi-snapshotter -n longhorn-system --replicas=3")
    until(shell, "pvc/mysql-freed", "delete")
    until(shell, "volumesnapshot/snapshot-of-mysql-freed", "delete")


def _snapshot_without_sidecar(shell: Shell, claim: str) -> None:
    """A snapshot that cannot become ready, of a volume in use: nobody is there to call the driver."""
    create(shell, "claim.yaml", f"s/CLAIM/{claim}/")
    bound(shell, claim)
    hold(shell, claim)
    shell.run("kubectl scale deployment csi-snapshotter -n longhorn-system --replicas=0")
    until(shell, "pod -l app=csi-snapshotter -n longhorn-system", "delete")
    create(shell, "snapshot-mysql.yaml", f"s/{DEMO}/snapshot-of-{claim}/", f"s/mysql-pvc/{claim}/")
    until(shell, f"volumesnapshot/snapshot-of-{claim}", "jsonpath={.status.boundVolumeSnapshotContentName}")
