"""Sidecars found by what the API server knows of them."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot import sidecars

from .objects import Json

DRIVER = "ebs.csi.example.com"


def pod(name: str, socket: str = "/csi", **container: object) -> Json:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [container], "volumes": [{"hostPath": {"path": socket}}]},
    }


def lease(holder: str) -> Json:
    return {"spec": {"holderIdentity": holder}}


def test_the_leader_is_found_by_its_lease() -> None:
    ours, theirs = pod("ours-1", name="csi-snapshotter"), pod("theirs-1", name="csi-snapshotter")
    found = sidecars.containers("csi-snapshotter", DRIVER, [theirs, ours], [lease("ours-1")])
    assert found == ours["spec"]["containers"]
    assert sidecars.lease_name("external-snapshotter-leader-", DRIVER) == (
        "external-snapshotter-leader-ebs-csi-example-com"
    )


def test_without_a_lease_the_path_of_the_socket_tells() -> None:
    ours = pod("ours-1", f"/var/lib/kubelet/plugins/{DRIVER}", name="s", image="registry/csi-snapshotter:v8")
    other = pod("other", f"/var/lib/kubelet/plugins/{DRIVER}", name="csi-resizer")
    theirs = pod("theirs-1", name="csi-snapshotter")
    assert sidecars.containers("csi-snapshotter", DRIVER, [theirs, other, ours], []) == ours["spec"]["containers"]
    assert sidecars.containers("csi-snapshotter", DRIVER, [theirs], [lease("")]) == []


@pytest.mark.parametrize(
    ("args", "on"),
    [
        (["--extra-create-metadata"], True),
        (["-extra-create-metadata=true"], True),
        (["--extra-create-metadata=false"], False),
        (["--extra-create-metadata", "--extra-create-metadata=false"], False),
        (["--extra-create-metadata-of-another-sort"], False),
        ([], False),
    ],
)
def test_a_flag_is_read_as_the_programs_read_it(args: list[str], on: bool) -> None:
    assert sidecars.switched_on({"args": args}, "extra-create-metadata") is on
    assert sidecars.switched_on({"command": args}, "extra-create-metadata") is on
