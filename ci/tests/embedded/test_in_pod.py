"""The suites in a pod of the cluster that they judge, with the rights of the packaged role: Sonobuoy's plugin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from runner_account import Account

from pytest_csi_snapshot.job.parcels import unpack
from pytest_csi_snapshot.kube.kinds import POD

from .inhabited import DRIVER, Inhabited, changes, inhabited

PLUGIN = Path(__file__).resolve().parents[2] / "sonobuoy" / "plugin.yaml"
HOME = "sonobuoy"
ACCOUNT = Account(HOME, "sonobuoy-serviceaccount")
OVER = ("Succeeded", "Failed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Inhabited]:
    with inhabited() as made:
        ACCOUNT.move_in(made.client)
        yield made


def as_sonobuoy_runs_it(results: Path, **environment: str) -> dict[str, Any]:
    """The pod that Sonobuoy makes of the plugin, its results on the node."""
    container = yaml.safe_load(PLUGIN.read_text())["spec"]
    for each in container["env"]:
        each["value"] = environment.get(each["name"], each["value"])
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "plugin", "namespace": HOME},
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": ACCOUNT.name,
            "containers": [container],
            "volumes": [{"name": "results", "hostPath": {"path": str(results)}}],
        },
    }


def test_the_plugin_leaves_a_verdict_where_sonobuoy_looks(cluster: Inhabited, tmp_path: Path) -> None:
    before = cluster.everything()
    pod = as_sonobuoy_runs_it(
        tmp_path, CSI_DRIVER=DRIVER, CSI_ARGUMENTS="-n 2 --csi-clauses=SNAP-DYN-001,RES-001,API-VS-001"
    )
    cluster.client.create(POD, pod)
    for event in cluster.client.watch(POD, HOME, timeoutSeconds=240):
        if event["object"].get("status", {}).get("phase") in OVER:
            break

    assert (tmp_path / "done").exists(), sorted(path.name for path in tmp_path.iterdir())
    # The path is that in the pod; what is there is here too.
    archive = tmp_path / Path((tmp_path / "done").read_text()).name
    unpack(archive.read_bytes(), tmp_path / "unpacked")
    unpacked = tmp_path / "unpacked"
    cases = ElementTree.parse(unpacked / "junit.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases if case.find("failure") is None]
    report = json.loads((unpacked / "report" / "report.json").read_text())
    outcomes = {each["id"]: each["outcome"] for each in report["clauses"]}
    assert outcomes["SNAP-DYN-001"] == outcomes["RES-001"] == outcomes["API-VS-001"] == "passed"
    assert (unpacked / "exit-code").read_text().strip() == "0"
    after = cluster.everything()
    assert [each for each in changes(before, after) if f"{HOME}/plugin" not in each] == []
