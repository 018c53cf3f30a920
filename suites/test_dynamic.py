"""SNAP-DYN: snapshots taken of a claim."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, status_of
from pytest_csi_snapshot.inventory import SNAPSHOTTER
from pytest_csi_snapshot.kube.kinds import SNAPSHOT_CLASS
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.workloads import trees
from pytest_csi_snapshot.workloads.logs import read_log

MODES = ("Filesystem", "Block")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("policy", ["Delete", "Retain"])
@pytest.mark.csi_clause("SNAP-DYN-001", "SNAP-DYN-002", "SNAP-DYN-003")
def test_content_describes_volume_class_and_snapshot(csi: Scenario, policy: str, mode: str) -> None:
    claim = csi.volume_in(mode, "SNAP-DYN-003")
    volume = csi.get(csi.pv_of(claim))["spec"]
    snapshot = csi.snapshot(claim, cls=csi.snapshot_class(policy))
    content = csi.content_of(snapshot, "SNAP-DYN-001")
    csi.check("SNAP-DYN-001", expected=f"snapcontent-{snapshot.uid}", observed=content.name, about=content)

    spec = csi.get(content)["spec"]
    name = csi.get(snapshot)["spec"]["volumeSnapshotClassName"]
    used = csi.api.get(SNAPSHOT_CLASS, None, name)
    reference = spec["volumeSnapshotRef"]
    csi.check(
        "SNAP-DYN-002",
        expected={
            "volumeHandle": volume["csi"]["volumeHandle"],
            "driver": used["driver"],
            "deletionPolicy": used["deletionPolicy"],
            "class": name,
            "ref": ["VolumeSnapshot", snapshot.namespace, snapshot.name, snapshot.uid],
        },
        observed={
            "volumeHandle": spec["source"].get("volumeHandle"),
            "driver": spec["driver"],
            "deletionPolicy": spec["deletionPolicy"],
            "class": spec.get("volumeSnapshotClassName"),
            "ref": [reference.get(key) for key in ("kind", "namespace", "name", "uid")],
        },
        about=content,
    )
    csi.check("SNAP-DYN-003", expected=volume["volumeMode"], observed=spec.get("sourceVolumeMode"), about=content)
    csi.ready(snapshot)  # what is deleted while it is made is another story (DEL-011, DEL-019)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.csi_clause("SNAP-DYN-004", "SNAP-DYN-009")
def test_snapshot_becomes_ready_and_says_so(csi: Scenario, mode: str) -> None:
    snapshot = csi.snapshot(csi.volume_in(mode, "SNAP-DYN-004"))
    status = status_of(csi.ready(snapshot, "SNAP-DYN-004"))
    for field in ("boundVolumeSnapshotContentName", "creationTime"):
        csi.check("SNAP-DYN-004", expected="set", observed="set" if status.get(field) else "absent", about=field)
    csi.check("SNAP-DYN-004", expected=None, observed=status.get("error"), about="status.error when ready")

    reasons = ["CreatingSnapshot", "SnapshotCreated", "SnapshotReady"]
    for reason in reasons:
        csi.event(snapshot, reason, "SNAP-DYN-009")
    came = [event.object["reason"] for event in csi.events_of(snapshot) if event.object["reason"] in reasons]
    csi.in_time("SNAP-DYN-009", expected=reasons, observed=came, holds=came == reasons, about=snapshot)


@pytest.mark.csi_clause("SNAP-DYN-005", "SNAP-DYN-006")
def test_snapshot_of_a_volume_in_use_is_of_the_moment_of_the_cut(csi: Scenario) -> None:
    """The source holds tree A and a growing log when it is cut; later tree B is written over A."""
    source = csi.volume()
    writer = csi.writer(source, first=trees.A, last=trees.B)
    snapshot = csi.snapshot(source)
    csi.ready(snapshot, "SNAP-DYN-006")
    csi.stop(writer)

    restored = csi.restore(snapshot)
    readers = [csi.start_read(restored), csi.start_read(source)]
    cut, now = csi.answer(readers[0], "SNAP-DYN-005"), csi.answer(readers[1], "SNAP-DYN-006")
    csi.holds("SNAP-DYN-005", trees.A, cut, restored)
    csi.holds("SNAP-DYN-006", trees.B, now, source)

    log, whole = read_log(cut, "data"), read_log(now, "data")
    csi.check(
        "SNAP-DYN-006",
        expected="a log that is a prefix of what was written, with every record flushed before the cut",
        observed=str(log),
        holds=log is not None and log.is_prefix and log.records >= 3,
        about=restored,
    )
    late = log is None or log.farewell
    csi.check(
        "SNAP-DYN-005", expected="no word from after the cut", observed=str(log), holds=not late, about=restored
    )
    intact = whole is not None and whole.is_prefix and whole.farewell
    csi.check("SNAP-DYN-006", expected="the whole log", observed=str(whole), holds=intact, about=source)


@pytest.mark.csi_clause("SNAP-DYN-010", "BIND-001")
def test_snapshots_taken_at_once_are_distinct(csi: Scenario) -> None:
    claim = csi.volume()
    snapshots = [csi.snapshot(claim) for _ in range(3)]
    for snapshot in snapshots:
        csi.ready(snapshot, "SNAP-DYN-010")
    contents = [csi.content_of(snapshot) for snapshot in snapshots]
    handles = {csi.handle_in(csi.get(content)) for content in contents}
    csi.check("SNAP-DYN-010", expected=3, observed=len({content.name for content in contents}), about="contents")
    distinct = len(handles - {""})
    csi.check("SNAP-DYN-010", expected=3, observed=distinct, about="snapshot handles",
              blame=None if distinct == 3 else csi.cuts_apart(csi.volume_handle(claim)))  # fmt: skip
    for snapshot, content in zip(snapshots, contents, strict=True):
        named = status_of(csi.get(snapshot))["boundVolumeSnapshotContentName"]
        claimed = csi.get(content)["spec"]["volumeSnapshotRef"]["uid"]
        csi.check("BIND-001", expected=(content.name, snapshot.uid), observed=(named, claimed), about=snapshot)


@pytest.mark.csi_clause("SNAP-DYN-011", "DEL-020")
def test_snapshot_made_again_under_its_name_is_a_new_one(csi: Scenario) -> None:
    claim = csi.volume()
    first = csi.snapshot(claim)
    csi.ready(first)
    old = csi.get(csi.content_of(first))
    csi.delete(first)
    csi.gone(first)

    second = csi.snapshot(claim, name=first.name)
    csi.ready(second, "SNAP-DYN-011")
    new = csi.get(csi.content_of(second))
    handles = [csi.handle_in(content) for content in (old, new)]
    csi.check("SNAP-DYN-011", expected="two handles", observed=handles, holds=len(set(handles)) == 2, about=second)
    names = [content["metadata"]["name"] for content in (old, new)]
    csi.check("DEL-020", expected="another content", observed=names, holds=len(set(names)) == 2, about=second)


@pytest.mark.csi_clause("SNAP-DYN-012")
def test_class_may_go_once_the_content_exists(csi: Scenario) -> None:
    claim, cls = csi.volume(), csi.derived_class("Delete")
    taken = csi.taken(claim, cls=cls.name)
    csi.delete(cls)
    probe = csi.snapshot(csi.missing_claim(), cls=cls.name)
    csi.event(probe, "GetSnapshotClassFailed")  # the controller knows by now that the class is gone
    csi.nudge(taken.snapshot)
    csi.event(taken.snapshot, "GetSnapshotClassFailed", "SNAP-DYN-012")
    status = status_of(csi.wait(taken.snapshot, HAS_ERROR, "SNAP-DYN-012"))
    csi.check("SNAP-DYN-012", expected=True, observed=status.get("readyToUse"), about=taken.snapshot)

    csi.bound(csi.restore(taken.snapshot), "SNAP-DYN-012")
    csi.delete(taken.snapshot)
    csi.gone(taken.snapshot, "SNAP-DYN-012")
    csi.gone(taken.content, "SNAP-DYN-012")
    known = csi.backend_knows(taken.handle, "SNAP-DYN-012")
    csi.check("SNAP-DYN-012", expected="gone", observed="still there" if known else "gone", about=taken.handle)


@pytest.mark.csi_clause("SNAP-DYN-013")
def test_sidecar_is_to_tell_the_driver_the_names_of_snapshot_and_content(csi: Scenario) -> None:
    """What the driver is told goes over its socket; what makes the sidecar tell it is an argument of its pod."""
    flag = "extra-create-metadata"
    running = [each for each in csi.sidecars() if each.program == SNAPSHOTTER]
    if not running:
        csi.unknown("SNAP-DYN-013", f"no pod is known to run {SNAPSHOTTER} for {csi.cluster.driver}")
    for sidecar in running:
        value = sidecar.argument(flag)
        if (value or "false").lower() not in ("true", "t", "1"):
            csi.not_supported("SNAP-DYN-013", f"{SNAPSHOTTER} runs without --{flag}")
        csi.check(
            "SNAP-DYN-013", expected=f"--{flag}", observed=f"--{flag}={value}", holds=True, about=sidecar.pod
        )
    csi.ready_snapshot(csi.volume())
