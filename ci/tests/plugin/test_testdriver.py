"""Kubernetes' own driver files, as drivers publish them, read as profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.profiles import Profile, read_profile
from pytest_csi_snapshot.quantities import GI
from pytest_csi_snapshot.sizes import Sizes

from .conftest import Demo

FILE = """
ShortName: demo
StorageClass:
  FromExistingClassName: gold
SnapshotClass:
  FromName: true
GroupSnapshotClass:
  FromFile: group.yaml
DriverInfo:
  Name: driver.longhorn.io
  SupportedSizeRange:
    Min: 3Gi
    Max: 16Ti
  SupportedFsType: {"xfs", "ext4", "ntfs",}
  SupportedMountOption:
  TopologyKeys: ["topology.example.com/zone"]
  Capabilities:
    persistence: true
    block: false
    RWX: true
    snapshotDataSource: true
    pvcDataSource: true
    controllerExpansion: true
    offlineExpansion: false
    FSResizeFromSourceNotSupported: true
InlineVolumes:
- Attributes: {}
NodeSelectors: {pool: storage}
ClientNodeName: worker-1
Timeouts:
  PodStart: 5m
  PodStartSlow: 15m
  SnapshotCreate: 10m30s
"""


def read(folder: Path, text: str) -> Profile:
    path = folder / "testdriver.yaml"
    path.write_text(text)
    return read_profile(path)


def test_all_that_is_of_use_is_taken(tmp_path: Path) -> None:
    profile = read(tmp_path, FILE)
    assert (profile.driver, profile.storage_class, profile.snapshot_class) == ("driver.longhorn.io", "gold", "")
    assert profile.sizes == Sizes(3 * GI, 1, 16 * 1024 * GI)
    assert profile.axes["fsTypes"] == ("xfs", "ext4")
    assert profile.axes["accessModes"] == ("ReadWriteOnce", "ReadWriteMany")
    assert profile.axes["volumeModes"] == ("Filesystem",)
    assert profile.capabilities == {
        "block": False, "snapshots": True, "clones": True, "expansion": True, "onlineExpansion": True,
        "offlineExpansion": False, "filesystemGrowth": False,
    }  # fmt: skip
    assert profile.timeouts == {"pod": 900.0, "snapshot": 630.0}
    assert (profile.node, profile.node_selector) == ("worker-1", {"pool": "storage"})
    assert len(profile.remarks) == 1
    assert "GroupSnapshotClass.FromFile is not applied: create the class in group.yaml" in profile.remarks[0]


def test_what_such_a_file_leaves_out_means_what_kubernetes_means(tmp_path: Path) -> None:
    profile = read(tmp_path, "DriverInfo: {Name: d.example.com}\n")
    assert profile.sizes == Sizes(5 * GI)
    assert profile.capabilities == {}
    assert profile.remarks == ()


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("SnapshotClas: {FromName: true}", "unknown key SnapshotClas; did you mean 'SnapshotClass'?"),
        ("SnapshotClass: {FromNam: true}", "unknown key SnapshotClass.FromNam; did you mean 'FromName'?"),
        ("Timeouts: {PodStrat: 5m}", "unknown key Timeouts.PodStrat; did you mean 'PodStart'?"),
    ],
)
def test_unknown_keys_are_remarks(tmp_path: Path, text: str, remark: str) -> None:
    assert read(tmp_path, f"DriverInfo: {{Name: d.example.com}}\n{text}\n").remarks == (remark,)


def test_an_unknown_capability_is_a_remark_in_the_header(demo: Demo) -> None:
    file = demo.path / "testdriver.yaml"
    file.write_text("DriverInfo: {Name: driver.longhorn.io, Capabilities: {snapshotDatasource: true}}\n")
    result = demo.run(f"--csi-profile={file}")
    result.assert_outcomes(passed=1)
    told = f"csi-snapshot: profile {file}: unknown key DriverInfo.Capabilities.snapshotDatasource; did you mean"
    assert any(line.startswith(told) for line in result.outlines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("DriverInfo: {}", "DriverInfo.Name is not set"),
        ("DriverInfo: [a]", "DriverInfo is not a mapping of keys"),
        ("DriverInfo: {Name: d, Capabilities: {block: 'yes'}}", "Capabilities.block is neither true nor false"),
        ("DriverInfo: {Name: d}\nTimeouts: {PodStart: soon}", "'soon' is not a span of time"),
        ("DriverInfo: {Name: d, SupportedSizeRange: {Min: lots}}", "'lots' is not a size"),
    ],
)
def test_what_has_not_its_form_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageTrouble) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
