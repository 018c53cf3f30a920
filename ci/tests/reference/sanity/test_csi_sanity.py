"""What the CSI project's own conformance program says of the driver, with real devices and filesystems."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.wire import csi_pb2

from ..driver.machine import Machine
from .program import csi_sanity

TIMEOUT = 300
"""Seconds; it takes about ten."""

SKIPS = {
    "ControllerGetVolumeHealth not supported": "controller GET_VOLUME_HEALTH",
    "ControllerListVolumeHealth not supported": "controller LIST_VOLUME_HEALTH",
    "ControllerModifyVolume not supported": "controller MODIFY_VOLUME",
    "ControllerPublishVolume.readonly field not supported": "controller PUBLISH_READONLY",
    "Modify Volume not supported": "controller MODIFY_VOLUME",
    "Modify volume not supported": "controller MODIFY_VOLUME",
    "No MaxVolumesPerNode": "node max_volumes_per_node",
    "NodeGetStorageHealth not supported": "node GET_STORAGE_HEALTH",
    "NodeGetVolumeHealth not supported": "node GET_VOLUME_HEALTH",
    "SNAPSHOT_ACCESSIBILITY_CONSTRAINTS not supported": "plugin SNAPSHOT_ACCESSIBILITY_CONSTRAINTS",
}
"""The reason of a skip -> what the driver would have to claim for the spec to run."""

SWITCHES = ("-csi.testnodevolumeattachlimit", "-ginkgo.no-color")


@dataclass(frozen=True)
class Spec:
    """One spec of the report; ``why`` is the reason of a skip or a failure."""

    name: str
    state: str
    why: str


@pytest.mark.parametrize("snapshot_type", ["snap", "bak"])
@pytest.mark.parametrize("access_type", ["mount", "block"])
def test_the_driver_passes_csi_sanity(
    machine: Machine, tmp_path: Path, access_type: str, snapshot_type: str
) -> None:
    specs = run(machine, tmp_path, access_type, snapshot_type)
    failed = [spec for spec in specs if spec.state not in ("passed", "skipped", "pending")]
    assert failed == [], machine.driver.said()
    skipped = {spec.why for spec in specs if spec.state == "skipped"}
    assert skipped == set(SKIPS)
    assert not {SKIPS[why] for why in skipped} & claims(machine)
    groups = [spec.state for spec in specs if "VolumeGroupSnapshot" in spec.name]
    assert groups
    assert set(groups) == {"passed"}


def run(machine: Machine, folder: Path, access_type: str, snapshot_type: str) -> list[Spec]:
    """Everything it has, against the driver of ``machine``; it removes what it makes."""
    report = folder / "report.json"
    machine.kubelet.mkdir(exist_ok=True)
    parameters = folder / "snapshot-class.yaml"
    parameters.write_text(f"type: {snapshot_type}\n")
    arguments = {
        "csi.endpoint": f"unix://{machine.socket}",
        "csi.mountdir": str(machine.kubelet / "target"),
        "csi.stagingdir": str(machine.kubelet / "staging"),
        "csi.testvolumeaccesstype": access_type,
        "csi.testsnapshotparameters": str(parameters),
        "csi.testvolumesize": str(16 << 20),
        "csi.testvolumeexpandsize": str(32 << 20),
        "ginkgo.json-report": str(report),
    }
    done = subprocess.run(
        [csi_sanity(), *(f"-{name}={value}" for name, value in arguments.items()), *SWITCHES],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    suites = json.loads(report.read_text())
    return [_spec(plain) for suite in suites for plain in suite["SpecReports"] if plain["LeafNodeType"] == "It"]


def claims(machine: Machine) -> set[str]:
    """Everything the driver says it can, as "SERVICE CAPABILITY"."""
    plugin = machine.identity.GetPluginCapabilities(csi_pb2.GetPluginCapabilitiesRequest()).capabilities
    controller = machine.controller.ControllerGetCapabilities(csi_pb2.ControllerGetCapabilitiesRequest())
    node = machine.node.NodeGetCapabilities(csi_pb2.NodeGetCapabilitiesRequest())
    info = machine.node.NodeGetInfo(csi_pb2.NodeGetInfoRequest())
    services = csi_pb2.PluginCapability.Service.Type
    claimed = {f"plugin {services.Name(item.service.type)}" for item in plugin if item.HasField("service")}
    of_controller = csi_pb2.ControllerServiceCapability.RPC.Type
    claimed |= {f"controller {of_controller.Name(item.rpc.type)}" for item in controller.capabilities}
    of_node = csi_pb2.NodeServiceCapability.RPC.Type
    claimed |= {f"node {of_node.Name(item.rpc.type)}" for item in node.capabilities}
    return claimed | ({"node max_volumes_per_node"} if info.max_volumes_per_node else set())


def _spec(plain: dict[str, Any]) -> Spec:
    name = " ".join([*(plain["ContainerHierarchyTexts"] or []), plain["LeafNodeText"]])
    return Spec(name, plain["State"], plain.get("Failure", {}).get("Message", ""))
