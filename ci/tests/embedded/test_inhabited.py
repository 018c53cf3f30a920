"""A cluster full of objects of others: whatever a run does in it, afterwards they are as they were."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .inhabited import DRIVER, Inhabited, changes, inhabited

SOME = "--csi-clauses=SNAP-DYN-001,SNAP-PRE-001,DEL-006,FIN-001,CLS-001,API-VS-001"
"""Dynamic and imported snapshots, retained contents, finalizers, default classes, dry runs."""

KILLER = """
import os, signal

def pytest_runtest_call(item):
    from pytest_csi_snapshot.verbs.default_classes import DefaultClassVerbs
    from pytest_csi_snapshot.workloads import trees

    def die(csi):
        claim = csi.labelled(csi.volume(), {"app": "killed"})
        csi.writer(claim, trees.A, trees.B)
        snapshot = csi.ready_snapshot(claim, cls=csi.derived_class("Retain").name)
        csi.bound(csi.restore(snapshot))
        csi.ready(csi.import_snapshot(csi.import_content(csi.taken(claim).handle)))
        csi.content_of(csi.snapshot(claim, cls=csi.forsaken_class()))
        csi.needs_groups("GRP-001")
        csi.members(csi.ready_group({"app": "killed"}, cls=csi.make_group_class("Retain").name), 1)
        csi.storage_class_with()
        os.kill(os.getpid(), signal.SIGKILL)

    DefaultClassVerbs.classes_heard = die
"""
"""A plugin under which a run dies when it has set default classes aside, with something of all that suites make:

a pod that writes, a retained snapshot and a volume made of it, an import of one that is another content's, a
snapshot that no sidecar serves, a retained group, classes of each kind.
"""

LEFT = (
    "Namespace",
    "PersistentVolume",
    "StorageClass",
    "VolumeGroupSnapshotClass",
    "VolumeGroupSnapshotContent",
    "VolumeSnapshotClass",
    "VolumeSnapshotContent",
)
"""Kinds of what outlives a namespace; the first goes with all that is in it."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Inhabited]:
    with inhabited() as made:
        yield made


def test_a_run_touches_nothing_of_others(cluster: Inhabited, tmp_path: Path) -> None:
    before = cluster.everything()
    run = cluster.finished(tmp_path, f"--csi-driver={DRIVER}", "--csi-allow=cluster-state", "-n2", SOME)
    assert run.returncode == 0, run.stdout
    assert changes(before, cluster.everything()) == []


def test_two_runs_at_once_do_not_disturb_each_other(cluster: Inhabited, tmp_path: Path) -> None:
    before = cluster.everything()
    command = cluster.command(f"--csi-driver={DRIVER}", "--csi-allow=cluster-state", SOME)
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    runs = [subprocess.Popen(command, cwd=tmp_path, text=True, **pipe) for _ in range(2)]  # type: ignore[call-overload]
    outputs = [run.communicate(timeout=300)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(outputs)
    assert changes(before, cluster.everything()) == []


def test_what_a_killed_run_left_is_swept(
    cluster: Inhabited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "killer.py").write_text(KILLER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before, stored = cluster.everything(), cluster.stored()
    clauses = "--csi-clauses=CLS-003"
    run = cluster.finished(
        tmp_path, "-p", "killer", f"--csi-driver={DRIVER}", "--csi-allow=cluster-state", clauses
    )
    assert run.returncode == -signal.SIGKILL, run.stdout
    cluster.settle()  # the preflight's namespace is asked to go before the tests, and nobody waits for that
    home = re.search(r"new: Namespace /csi-(\w{8})-lease", "\n".join(changes(before, cluster.everything())))
    assert home
    run_id = home[1]
    cluster.prolong(run_id)
    killed = cluster.everything()
    assert cluster.stored() != stored

    listed = cluster.finished(tmp_path, "--csi-sweep")
    assert re.search(rf"run {run_id}: left alone, the Lease of .* is renewed", listed.stdout), listed.stdout
    deleting = cluster.finished(tmp_path, "--csi-sweep=delete")
    assert re.search(
        "pytest-csi-snapshot, which all runs share: left alone, .* runs a test alone", deleting.stdout
    )
    assert changes(killed, cluster.everything()) == []

    cluster.expire(run_id)
    expired = cluster.everything()
    listed = cluster.finished(tmp_path, "--csi-sweep")
    assert listed.returncode == 0, listed.stdout
    assert "VolumeSnapshotClass everybodys: would be made a default class again" in listed.stdout
    for kind in LEFT:
        assert re.search(rf"  {kind} \S+: would be removed", listed.stdout), listed.stdout
    assert changes(expired, cluster.everything()) == []

    swept = cluster.finished(tmp_path, "--csi-sweep=delete")
    assert swept.returncode == 0, swept.stdout
    assert changes(before, cluster.everything()) == []
    assert cluster.stored() == stored
    assert "nothing of any run" in cluster.finished(tmp_path, "--csi-sweep").stdout
