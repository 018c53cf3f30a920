"""What a StorageClass may say, and what becomes of it."""

from __future__ import annotations

import grpc
import pytest

from pytest_csi_snapshot.reference_impl.driver.storage_class import PARAMETERS
from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from .machine import MIB
from .stand_in import COPIED, StandIn, refusal

Code = grpc.StatusCode

BAD = {
    "numberOfReplicas": ("0", "21", "-1", "three", "1.5"),
    "staleReplicaTimeout": ("soon", "30m"),
    "dataLocality": ("near",),
    "replicaAutoBalance": ("always",),
    "replicaSoftAntiAffinity": ("true",),
    "replicaZoneSoftAntiAffinity": ("true",),
    "replicaDiskSoftAntiAffinity": ("true",),
    "unmapMarkSnapChainRemoved": ("yes",),
    "freezeFilesystemForSnapshot": ("yes",),
    "disableRevisionCounter": ("maybe",),
    "backupBlockSize": ("4096", "2Mi"),
    "recurringJobSelector": ("backup", '{"name": "backup"}'),
    "exclusive": ("maybe",),
    "strictTopology": ("maybe",),
    "frontend": ("iscsi",),
    "dataEngine": ("v2", "v3"),
    "cloneMode": ("linked-clone",),
    "encrypted": ("true", "maybe"),
    "share": ("true",),
    "migratable": ("true",),
    "backingImage": ("debian",),
    "diskSelector": ("ssd",),
    "nodeSelector": ("storage",),
    "fsType": ("ext3", "EXT4"),
    "mkfsParams": ("-O 'open",),
    "fromBackup": (
        "backup-1",
        "s3://[bucket?backup=b&volume=v",
        "vfs:///backups?backup=b",
        "vfs:///backups?backup=../b&volume=v",
    ),
    "dataSource": ("pvc-a", "bak://pvc-a/backup-1", "vol://"),
}
"""Parameter -> values that cannot be, or ask for what is not here."""

WITHOUT_BAD = {"backupTargetName"}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_by_the_name_of_its_parameter(name: str, value: str) -> None:
    backend = StandIn()

    code, why = refusal(backend.volume, "pvc-a", {name: value})

    assert code is Code.INVALID_ARGUMENT
    assert why.startswith(f"invalid parameter {name}: ")
    assert not backend.volumes


def test_every_parameter_has_its_bad_values() -> None:
    assert set(BAD) | WITHOUT_BAD == set(PARAMETERS)


def test_what_the_class_says_is_told_to_the_backend() -> None:
    backend = StandIn()
    parameters = {
        "numberOfReplicas": "2",
        "staleReplicaTimeout": "30",
        "dataLocality": "best-effort",
        "backupTargetName": "far",
        "backupBlockSize": "16777216",
        "fromBackup": "",
        "encrypted": "false",
        "dataEngine": "v1",
        "somebodyElses": "value",
    }

    volume = backend.volume("pvc-a", parameters)

    told = backend.volumes["pvc-a"]
    assert (told["numberOfReplicas"], told["staleReplicaTimeout"], told["dataLocality"]) == (2, 30, "best-effort")
    assert (told["backupTargetName"], told["backupBlockSize"]) == ("far", "16777216")
    assert told["accessMode"] == "rwo"
    assert not {"encrypted", "dataEngine", "somebodyElses"} & set(told)
    assert dict(volume.volume_context) == parameters


@pytest.mark.parametrize("given", ["0", "-5"])
def test_a_timeout_of_nothing_is_the_default_one(given: str) -> None:
    backend = StandIn()
    backend.volume("pvc-a", {"staleReplicaTimeout": given})
    assert backend.volumes["pvc-a"]["staleReplicaTimeout"] == 2880


def test_the_filesystem_of_the_class_sets_the_least_size() -> None:
    backend = StandIn()
    assert backend.volume("pvc-a", {"fsType": "xfs"}).capacity_bytes == 300 * MIB
    assert backend.volume("pvc-b", {"fsType": "ext4"}).capacity_bytes == 16 * MIB


def test_a_class_may_have_its_volumes_made_from_a_backup() -> None:
    backend = StandIn("seed")
    copy = backend.add_backup("pvc-a", "one", state="Completed", snapshotCreated=COPIED)
    parameters = {"fromBackup": copy["url"]}

    volume = backend.volume("pvc-b", parameters)

    assert not volume.HasField("content_source")
    assert backend.volumes["pvc-b"]["fromBackup"] == copy["url"]
    assert backend.volume("pvc-b", parameters) == volume
    gone = {"fromBackup": copy["url"].replace(copy["name"], "backup-of-nobody")}
    assert refusal(backend.volume, "pvc-c", gone)[0] is Code.NOT_FOUND
    source = csi_pb2.VolumeContentSource(volume=csi_pb2.VolumeContentSource.VolumeSource(volume_id="pvc-b"))
    assert refusal(backend.volume, "pvc-c", parameters, source)[0] is Code.INVALID_ARGUMENT
    both = {**parameters, "dataSource": "vol://pvc-b"}
    assert refusal(backend.volume, "pvc-c", both)[0] is Code.INVALID_ARGUMENT


def test_a_class_may_have_its_volumes_made_from_a_volume() -> None:
    backend = StandIn()
    backend.volume("pvc-a", {}, mib=32)

    assert backend.volume("pvc-b", {"dataSource": "vol://pvc-a"}, mib=32).capacity_bytes == 32 * MIB
    assert backend.volumes["pvc-b"]["dataSource"] == "vol://pvc-a"
    assert refusal(backend.volume, "pvc-c", {"dataSource": "snap://pvc-a/nothing"})[0] is Code.NOT_FOUND
