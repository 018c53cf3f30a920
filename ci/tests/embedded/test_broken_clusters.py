"""A cluster that lacks something: one finding that says what, how it shows, what to do, and the exit code.

One cluster for all, broken and mended one way after another. Each run ends within a minute. ``--full`` tries every
way, ``--case 'no csi-attacher'`` that one.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kept_cluster import kept
from runner_account import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, Account
from sampling import SAMPLING

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import NAMESPACE, SERVICE_ACCOUNT, SNAPSHOT_CLASS

from . import mending
from .breakages import CONTROLLER, WAYS, no_crd, scaled
from .runs import PYTEST

DRIVER = "driver.longhorn.io"
WITHIN = 60  # seconds in which a run must have ended where nothing can be judged
ONE_IN = 4
"""A cluster is broken and mended for ten seconds or twenty each time."""
KEPT = "CSI_BROKEN_CLUSTER"
"""The kubeconfig of a cluster that is there already, for who works on one row."""


@dataclass(frozen=True)
class Patient:
    """The cluster."""

    kubeconfig: str
    client: KubeClient

    def run(self, *args: str, kubeconfig: str = "") -> subprocess.CompletedProcess[str]:
        """A run as a user starts it."""
        chosen = [] if any(arg.startswith("--csi-driver=") for arg in args) else [f"--csi-driver={DRIVER}"]
        return subprocess.run(
            [
                str(PYTEST),
                "-p",
                "no:cacheprovider",
                f"--csi-kubeconfig={kubeconfig or self.kubeconfig}",
                *chosen,
                *args,
            ],
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WITHIN,
            check=False,
        )


@pytest.fixture(scope="module")
def patient() -> Iterator[Patient]:
    """A healthy cluster, before and after each test."""
    with contextlib.ExitStack() as stack:
        kubeconfig = os.environ.get(KEPT) or str(stack.enter_context(kept("patient")))
        yield Patient(kubeconfig, KubeClient.from_kubeconfig(kubeconfig))


def finding(output: str, name: str) -> str:
    """The paragraph of a finding."""
    lines = output.splitlines()
    starts = [
        number for number, line in enumerate(lines) if line.split(":")[0] in (f"HINDERS {name}", f"NOTE {name}")
    ]
    assert len(starts) == 1, output
    rest = lines[starts[0] + 1 :]
    end = next((number for number, line in enumerate(rest) if not line.startswith("  ")), len(rest))
    return "\n".join([lines[starts[0]], *rest[:end]])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ways to break it: all of them, or a sample with some that hinder a run and some that do not."""
    if metafunc.function is test_the_doctor_names_it:
        sampling = metafunc.config.stash[SAMPLING]
        chosen = sampling.choose(WAYS, lambda name: str(WAYS[name].code), share=ONE_IN)
        sampling.tell(f"{len(chosen)} of {len(WAYS)} ways to break a cluster")
        metafunc.parametrize("name", chosen)


def test_the_doctor_names_it(name: str, patient: Patient) -> None:
    way = WAYS[name]
    with way.broken(patient.client):
        run = patient.run("--csi-doctor", *way.args)
    told = finding(run.stdout, way.finding)
    assert way.remedy in next(line for line in told.splitlines() if line.startswith("  do ")), told
    assert way.seen in told
    assert "\n  shows as   " in told
    assert told.startswith("HINDERS" if way.code else "NOTE")
    assert ("\n  not judged " in told) == bool(way.code)
    assert run.returncode == way.code, run.stdout


def test_nothing_is_found_in_a_healthy_cluster_and_nothing_is_left(patient: Patient) -> None:
    run = patient.run("--csi-doctor")
    assert run.returncode == 0, run.stdout
    assert "csi-snapshot: nothing hinders\n" in run.stdout
    assert "snapshot-controller answered after" in run.stdout
    staying = [each for each in patient.client.list(NAMESPACE) if each["metadata"]["name"].startswith("csi-")]
    assert all("deletionTimestamp" in each["metadata"] for each in staying)


def test_offline_nothing_is_made(patient: Patient) -> None:
    before = {each["metadata"]["uid"] for each in patient.client.list(NAMESPACE)}
    with scaled(CONTROLLER, "snapshot-controller")(patient.client):
        run = patient.run("--csi-doctor=offline")
    assert run.returncode == 0, run.stdout
    assert "NOTE snapshot-controller-missing" in run.stdout  # a hint: it may run where nobody sees it
    assert "probes                    none made" in run.stdout
    assert {each["metadata"]["uid"] for each in patient.client.list(NAMESPACE)} <= before


def broken_kubeconfig(patient: Patient, path: Path, *, user: Any = None, server: str = "") -> str:
    """The kubeconfig of the cluster with another user or another address."""
    config = json.loads(Path(patient.kubeconfig).read_text())
    if user:
        config["users"][0]["user"] = user
    if server:
        config["clusters"][0]["cluster"]["server"] = server
    path.write_text(json.dumps(config))
    return str(path)


NO_WAY_IN: dict[str, tuple[dict[str, Any], list[str], tuple[str, ...]]] = {
    "an address where nobody listens": (
        {"server": "https://127.0.0.1:9"}, [], ("does not answer", "kubectl version")),
    "credentials that are not taken": (
        {"user": {"token": "ey.expired.long-ago"}}, [], ("does not take your credentials", "kubectl auth whoami")),
    "a context that is not there": (
        {}, ["--csi-context=csi-snapshot-embeded"], ("no context", "did you mean 'csi-snapshot-embedded'?")),
    "a driver whose name is nearly right": (
        {}, ["--csi-driver=driver.longhorn.oi"], ("no driver driver.longhorn.oi", f"did you mean '{DRIVER}'?")),
}  # fmt: skip
"""Name -> changes of the kubeconfig, further arguments, words of the one line."""


@pytest.mark.parametrize("mode", ["--csi-doctor", "--csi-clauses=API-VS-001"])
@pytest.mark.parametrize("name", NO_WAY_IN)
def test_no_way_in_is_one_line(name: str, mode: str, patient: Patient, tmp_path: Path) -> None:
    changes, args, words = NO_WAY_IN[name]
    run = patient.run(mode, *args, kubeconfig=broken_kubeconfig(patient, tmp_path / "kubeconfig", **changes))
    lines = [line for line in run.stdout.splitlines() if line.startswith("Exit: ")]
    assert len(lines) == 1, run.stdout
    assert all(word in lines[0] for word in words), lines[0]
    assert run.returncode == 3


def test_a_class_that_is_not_there_is_a_slip_of_the_user(patient: Patient) -> None:
    run = patient.run("--csi-doctor", "--csi-snapshot-class=none")
    assert "--csi-snapshot-class: no VolumeSnapshotClass none in the cluster" in run.stdout
    assert run.returncode == 4


def test_a_right_that_we_lack(patient: Patient, tmp_path: Path) -> None:
    """Whoever may not make contents is told so, and what that takes away."""
    client = patient.client
    rules = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["storage.k8s.io", "authorization.k8s.io"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": ["snapshot.storage.k8s.io"], "resources": ["volumesnapshots", "volumesnapshotclasses"],
         "verbs": ["*"]},
    ]  # fmt: skip
    named, small = {"metadata": {"name": "small"}}, Account("default", "small")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "small"}
    with (
        mending.made(client, SERVICE_ACCOUNT, {"metadata": {"name": small.name, "namespace": small.namespace}}),
        mending.made(client, CLUSTER_ROLE, {**named, "rules": rules}),
        mending.made(client, CLUSTER_ROLE_BINDING, {**named, "subjects": [small.subject], "roleRef": reference}),
    ):
        token = small.token(client)
        run = patient.run(
            "--csi-doctor", kubeconfig=broken_kubeconfig(patient, tmp_path / "k", user={"token": token})
        )
    told = finding(run.stdout, "rights-missing")
    assert "create volumesnapshotcontents, patch volumesnapshotcontents, delete volumesnapshotcontents" in told
    assert "rbac.yaml" in told
    assert "API-VSC" in told
    assert run.returncode == 3


def test_a_run_with_nothing_left_to_judge_ends_at_once(patient: Patient) -> None:
    with scaled(CONTROLLER, "snapshot-controller")(patient.client):
        run = patient.run("--csi-clauses=SNAP-DYN-001")
    assert (
        "Exit: nothing of what was asked for can be judged; the cluster has no snapshot-controller" in run.stdout
    )
    assert run.returncode == 3


def test_what_can_still_run_runs(patient: Patient) -> None:
    """Without the snapshot API a clone is judged, what needs it is unknown for one reason, one clause fails."""
    with no_crd(SNAPSHOT_CLASS)(patient.client):
        run = patient.run("-rA", "--csi-clauses=CLN-004,SNAP-DYN-001,SNAP-DYN-002,PFL-001,PFL-003")
    assert "\nclone      1 passed" in run.stdout, run.stdout
    assert "\npreflight  1 failed, 1 unknown" in run.stdout
    unknown = [line for line in run.stdout.splitlines() if line.startswith("unknown: ")]
    assert len(unknown) == 1, run.stdout
    assert all(clause in unknown[0] for clause in ("PFL-003", "SNAP-DYN-001", "SNAP-DYN-002"))
    assert unknown[0].endswith(": preflight: CRDs of the snapshot API are missing (snapshot-crds-missing)")
    assert "FAILED PFL-001" in run.stdout
    assert "client/config/crd" in run.stdout.partition("FAILED PFL-001")[2]
    assert run.returncode == 1
