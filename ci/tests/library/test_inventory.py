"""What of the CSI machinery is recognised in the pods of a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot import inventory


def pod(*words: str, image: str = "vendor/thing:1", path: str = "", **meta: Any) -> dict[str, Any]:
    volumes = [{"name": "s", "hostPath": {"path": path}}] if path else []
    container = {"image": image, "command": list(words[:1]), "args": list(words[1:])}
    spec = {"containers": [container], "volumes": volumes, "serviceAccountName": "account"}
    return {"metadata": {"name": "p", "namespace": "home", **meta}, "spec": spec}


@pytest.mark.parametrize(
    ("words", "image", "program", "version"),
    [
        (["/csi-resizer", "--v=5"], "vendor/anything:2.0", "csi-resizer", "2.0"),
        (["--csi-address=/csi/csi.sock"], "registry.k8s.io/sig-storage/csi-snapshotter:v8.2.0", "csi-snapshotter",
         "v8.2.0"),
        (["python", "-m", "some.module", "csi-provisioner"], "local:5000/python", "csi-provisioner", ""),
        ([], "vendor/snapshot-controller@sha256:0123", "snapshot-controller", ""),
        (["run", "--lease=csi-attacher"], "vendor/driver:1", "", ""),
    ],
)  # fmt: skip
def test_a_program_is_known_by_its_command_or_its_image(
    words: list[str], image: str, program: str, version: str
) -> None:
    found = inventory.components([pod(*words, image=image)])
    assert [(each.program, each.version) for each in found] == ([(program, version)] if program else [])


def test_what_ends_does_not_count() -> None:
    assert inventory.components([pod("csi-resizer", deletionTimestamp="2026-01-01T00:00:00Z")]) == []


def test_a_sidecar_belongs_to_the_driver_whose_directory_or_lease_it_shares() -> None:
    (beside,) = inventory.components([pod("csi-resizer", path="/var/lib/kubelet/plugins/a.example.com/")])
    assert inventory.of_driver([beside], "a.example.com") == [beside]
    assert inventory.of_driver([beside], "example.com") == []
    assert inventory.of_driver([beside], "b.example.com", home="home") == [beside]
    assert inventory.lease_part("hostpath.csi_k8s.io") == "hostpath-csi-k8s-io"


def test_arguments_are_read_in_both_forms() -> None:
    words = ["csi-snapshotter", "--timeout=5s", "--prefix", "snap", "--node-deployment", "--leader-election"]
    (found,) = inventory.components([pod(*words)])
    names = ("timeout", "prefix", "node-deployment", "leader-election", "v")
    assert [found.argument(name) for name in names] == ["5s", "snap", "true", "true", None]
    assert found.user == "system:serviceaccount:home:account"
