"""The suites as an Indexed Job: four shards, one of which is killed, and the verdict of one process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_csi_snapshot.kube.kinds import LEASE, POD, Kind
from pytest_csi_snapshot.labels import DOMAIN, MANAGED_BY
from pytest_csi_snapshot.presence import NAME

from .inhabited import DRIVER, Inhabited, inhabited

SOME = ("--csi-clauses=SNAP-PRE,CLS,API-VS,DEL-001,HA-001", "--csi-allow=cluster-state,disruptive")
JOB = (sys.executable, "-m", "pytest_csi_snapshot.job")
KILLED = 1
"""The index of the shard whose pod is killed."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Inhabited]:
    with inhabited() as made:
        yield made


def apply(cluster: Inhabited, text: str) -> None:
    kinds = {kind.kind: kind for kind in cluster.served()}
    for body in yaml.safe_load_all(text):
        version = body["apiVersion"]
        kind = kinds[body["kind"]]
        cluster.client.create(Kind(version, kind.kind, kind.plural, kind.namespaced), body)


def kill_while_it_runs(cluster: Inhabited) -> str:
    """End the pod of a shard at once, after its run has begun; the name of the pod."""
    pod = _seen(cluster, POD, "csi-snapshot", _runs)["metadata"]["name"]
    _seen(cluster, LEASE, None, lambda lease: lease["metadata"]["name"] == NAME)  # runs of shards have begun
    cluster.client.delete(POD, "csi-snapshot", pod, grace=0)
    return str(pod)


def _runs(pod: dict[str, Any]) -> bool:
    index = (pod["metadata"].get("annotations") or {}).get("batch.kubernetes.io/job-completion-index")
    return index == str(KILLED) and (pod.get("status") or {}).get("phase") == "Running"


def _seen(cluster: Inhabited, kind: Kind, namespace: str | None, wanted: Any) -> dict[str, Any]:
    selector = {"labelSelector": f"{MANAGED_BY}={DOMAIN}"} if kind == LEASE else {}
    for event in cluster.client.watch(kind, namespace, timeoutSeconds=120, **selector):
        if event["type"] in ("ADDED", "MODIFIED") and wanted(event["object"]):
            return dict(event["object"])
    raise AssertionError(f"no such {kind} was seen")


def outcomes(folder: Path) -> dict[str, str]:
    report = json.loads((folder / "report.json").read_text())
    return {each["id"]: each["outcome"] for each in report["clauses"] if each["outcome"] != "not run"}


def test_a_shard_that_is_killed_is_run_again_and_the_verdict_is_that_of_one_process(
    cluster: Inhabited, tmp_path: Path
) -> None:
    one = cluster.finished(tmp_path, f"--csi-driver={DRIVER}", "--csi-report=one", *SOME)
    assert one.returncode == 0, one.stdout

    made = [*JOB, "manifest", "--driver", DRIVER, "--shards", "4", "--", *SOME]
    apply(cluster, subprocess.run(made, stdout=subprocess.PIPE, text=True, check=True).stdout)
    killed = kill_while_it_runs(cluster)
    collected = subprocess.run(
        [*JOB, "collect", "--kubeconfig", str(cluster.kubeconfig), "--report", "many"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )

    assert collected.returncode == 0, collected.stdout
    assert "4 of 4 shards are done" in collected.stdout
    assert outcomes(tmp_path / "many") == outcomes(tmp_path / "one")
    pods = [each["metadata"]["name"] for each in cluster.client.list(POD, "csi-snapshot")]
    assert killed not in pods
    assert len(pods) == 4
