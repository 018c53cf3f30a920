"""What a driver is declared to offer, and the variants that follow."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.matrix import FULL, variants
from pytest_csi_snapshot.profiles import AXES, REFERENCE, UNDECLARED, Profile, read_profile
from pytest_csi_snapshot.quantities import GI
from pytest_csi_snapshot.sizes import Sizes

from .conftest import Demo

SUITE = """
@pytest.mark.csi_clause("RES-001")
def test_variant(csi_recorder, csi_variant):
    csi_recorder.check("RES-001", expected=1, observed=1)
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.yaml"
    path.write_text(text)
    return path


def test_what_is_not_said_stays_as_for_any_driver(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path, "fsTypes: [btrfs]\nvolumeModes: [Filesystem]\n"))
    assert profile.axes == {**UNDECLARED.axes, "fsTypes": ("btrfs",), "volumeModes": ("Filesystem",)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("volumeMode: [Block]\n", "unknown key 'volumeMode'; did you mean 'volumeModes'?"),
        ("volumeModes: [Blok]\n", "unknown value of volumeModes 'Blok'; did you mean 'Block'?"),
        ("volumeModes: Block\n", "volumeModes is not a list"),
        ("volumeModes: []\n", "volumeModes is an empty list"),
        ("- volumeModes\n", "it is not a mapping of keys"),
        ("a: [\n", "cannot be read"),
        ("size: {lest: 1Gi}\n", "unknown key 'size.lest'; did you mean 'least'?"),
        ("size: {least: 1GB}\n", "size.least: '1GB' does not look like"),
        ("size: {least: 2Gi, limit: 1Gi}\n", "size.limit 1Gi is less than a volume of 2Gi"),
        ("capabilities: {clone: true}\n", "unknown key 'capabilities.clone'; did you mean 'clones'?"),
        ("capabilities: {clones: 1}\n", "capabilities.clones is not true or false"),
        (
            "capabilities: {block: true}\nvolumeModes: [Filesystem]\n",
            "capabilities.block is true, and volumeModes",
        ),
        ("capabilities: {block: false}\nvolumeModes: [Block]\n", "capabilities.block is false, and volumeModes"),
        ("timeouts: {bind: 5 min}\n", "timeouts.bind: '5 min' does not look like"),
        ("timeouts: {binding: 5m}\n", "unknown key 'timeouts.binding'; did you mean 'bind'?"),
        ("atOnce: {pods: 0}\n", "atOnce.pods: 0 is less than 1"),
        ("atOnce: {pods: true}\n", "atOnce.pods is not a whole number"),
        ("secrets: [plain]\n", "a value of secrets: 'plain' does not look like"),
        ("driver: ''\n", "driver is empty"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageTrouble) as caught:
        read_profile(written(tmp_path, text))
    assert told in str(caught.value).replace("\n", " ")


@pytest.mark.parametrize("profile", [UNDECLARED, REFERENCE], ids=["undeclared", "reference"])
def test_every_pair_that_can_meet_meets(profile: Profile) -> None:
    def met(chosen: str) -> set[object]:
        return {pair for each in variants(profile, chosen) for pair in combinations(enumerate(each.values), 2)}

    assert met("pairs") == met(FULL)
    assert len(variants(profile)) < len(variants(profile, FULL)) / 3
    assert all(bool(each.fs_type) == (each.mode == "Filesystem") for each in variants(REFERENCE, FULL))


def test_ids_tell_the_variant_and_a_profile_narrows_them(demo: Demo) -> None:
    demo.suite(test_one=SUITE)
    lines = [f"{key}: [{values[0]}]" for key, values in AXES.items() if values]
    file = written(demo.path, "\n".join([*lines, "fsTypes: [ext4, xfs]"]))
    result = demo.run("-v", f"--csi-profile={file}")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_variant?Filesystem-ext4-ReadWriteOnce-Delete-Immediate-detached? PASSED*"])


WHOLE = """
driver: driver.longhorn.io
storageClass: gold
size: {least: 5Gi, step: 1Gi, limit: 16Ti}
capabilities: {clones: false, listSnapshots: true}
timeouts: {snapshot: 10m, bind: 1h30m}
snapshotInterval: 15s
atOnce: {volumes: 8, pods: 4}
nodeSelector: {pool: storage}
accessModes: [ReadWriteMany]
secrets: [vault/credentials]
"""


def test_a_whole_profile_is_read(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path, WHOLE))
    assert (profile.driver, profile.storage_class, profile.interval) == ("driver.longhorn.io", "gold", 15.0)
    assert profile.sizes == Sizes(5 * GI, GI, 16 * 1024 * GI)
    assert profile.timeouts == {"snapshot": 600.0, "bind": 5400.0}
    assert (profile.volumes_at_once, profile.pods_at_once) == (8, 4)
    assert (profile.declares("clone"), profile.declares("list"), profile.declares("snap")) == (False, True, None)
    assert profile.secrets == ("vault/credentials",)


def test_the_bounds_reach_workers_as_they_are(demo: Demo) -> None:
    file = written(demo.path, WHOLE)
    demo.suite(
        test_one="""
def test_bounds(csi_cluster):
    bounds = csi_cluster.bounds
    assert (bounds.sizes.ordinary, bounds.limits.snapshot, bounds.limits.bind) == (5 * 2**30, 1200.0, 10800.0)
    assert bounds.limits.pod == 600.0
    assert bounds.placement.selector == (("disk", "ssd"), ("pool", "storage"))
    assert bounds.placement.pod_fields()["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
    assert (bounds.access, bounds.access_modes) == ("ReadWriteMany", ("ReadWriteMany",))
    assert (bounds.volumes, bounds.pods, bounds.interval) == (8, 4, 15.0)
"""
    )
    options = ("--csi-slow-factor=2", "--csi-node-selector=disk=ssd", "--csi-toleration=dedicated")
    result = demo.run(f"--csi-profile={file}", *options, "-n1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*storage_class=gold (profile)*"])


def test_a_profile_of_another_driver_is_refused(demo: Demo) -> None:
    result = demo.run(f"--csi-profile={written(demo.path, 'driver: other.example.com')}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*is about driver other.example.com, this run is about driver.longhorn.io"])


def test_what_is_declared_to_be_missing_is_not_begun_and_what_is_there_is_told(demo: Demo) -> None:
    demo.suite(
        test_one="""
@pytest.mark.csi_clause("CLN-001")
def test_clone(csi_recorder):
    raise AssertionError("was begun")

@pytest.mark.csi_clause("RES-001")
def test_restore(csi_recorder):
    csi_recorder.check("RES-001", expected=1, observed=1)
"""
    )
    result = demo.run(f"--csi-profile={written(demo.path, 'capabilities: {clones: false}')}")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["not supported: CLN-001: the profile says of clones: false",
                                 "observed, is not declared: snapshots (RES-001 passed)"])  # fmt: skip


LACKING = """
@pytest.mark.csi_clause("CLN-001")
def test_clone(csi_recorder):
    csi_recorder.not_supported("CLN-001", "the driver says no", lacks="clone")
"""


@pytest.mark.parametrize(("declared", "outcome"), [("true", "failed"), ("", "skipped")])
def test_what_is_declared_and_not_there_fails(demo: Demo, declared: str, outcome: str) -> None:
    demo.suite(test_one=LACKING)
    told = f"capabilities: {{clones: {declared}}}" if declared else "capabilities: {}"
    result = demo.run(f"--csi-profile={written(demo.path, told)}")
    result.assert_outcomes(**{outcome: 1})
    if declared:
        result.stdout.fnmatch_lines(["*clones: CLONE_VOLUME, as */profile.yaml declares*", "*the driver says no*"])


def test_what_the_bounds_do_not_allow_is_unknown_with_the_key_also_where_it_is_prepared(demo: Demo) -> None:
    demo.suite(
        test_one="""
from pytest_csi_snapshot.recorder import OutOfBounds

@pytest.fixture(scope="module")
def source():
    raise OutOfBounds("size.limit: it takes a volume of 4Gi, the limit is 3Gi")

@pytest.mark.csi_clause("CLN-001")
def test_clone(csi_recorder, source):
    pass

@pytest.mark.csi_clause("RES-001")
def test_restore(csi_recorder, source):
    pass
"""
    )
    result = demo.run()
    result.assert_outcomes(skipped=2)
    for clause in ("CLN-001", "RES-001"):
        result.stdout.fnmatch_lines(
            [f"unknown: {clause}: size.limit: it takes a volume of 4Gi, the limit is 3Gi*"]
        )


def test_a_slip_in_a_profile_ends_the_run_before_a_cluster_is_made(demo: Demo) -> None:
    result = demo.run(f"--csi-profile={written(demo.path, 'sizes: [1]')}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown key 'sizes'; did you mean 'size'?*"])
    assert demo.log == []
