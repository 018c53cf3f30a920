"""A new volume with the data of a snapshot."""

from __future__ import annotations

from .backend import Backend
from .shell import Shell
from .steps import bound, committed, content_of, database_on, shows_claim, volume_of
from .test_2_snapshot import DEMO


def test_the_restored_claim_is_bound(shell: Shell) -> None:
    """A claim whose data source is the snapshot gets a volume by itself."""
    created = shell.run("kubectl apply -f restore-mysql.yaml")
    assert created.text == "persistentvolumeclaim/mysql-restore-pvc created\n"
    bound(shell, "mysql-restore-pvc")
    restored = shows_claim(shell.run("kubectl get pvc mysql-restore-pvc"), "mysql-restore-pvc", "1Gi")
    assert restored != volume_of(shell, "mysql-pvc")


def test_the_restored_data(shell: Shell) -> None:
    """The restored volume holds the data of the snapshot: the database opens, is whole and has its rows."""
    assert database_on(shell, "mysql-restore-pvc") == committed(shell)


def test_the_restored_volume_has_an_actual_size(shell: Shell, backend: Backend) -> None:
    """In Longhorn its actual size is not zero, because its data came from the backup."""
    volume = backend.volume(volume_of(shell, "mysql-restore-pvc"))
    assert volume["state"] == "detached"
    assert int(volume["size"]) == 1 << 30
    assert int(volume["controllers"][0]["actualSize"]) > 0
    backup = content_of(shell, DEMO)["status"]["snapshotHandle"].rpartition("/")[2]
    assert f"backup={backup}&volume={volume_of(shell, 'mysql-pvc')}" in volume["fromBackup"]
