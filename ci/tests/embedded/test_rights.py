"""A run by somebody who has the rights of the packaged role, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import generate_rbac as rbac
import pytest
import yaml

from pytest_csi_snapshot.kube.kinds import NAMESPACE, SERVICE_ACCOUNT, Kind

from .inhabited import DRIVER, Inhabited, inhabited

SOME = "--csi-clauses=SNAP-DYN-001,SNAP-PRE-001,DEL-006,CLS-001,HA-002,PFL-009,API-VS-001"
ACCOUNT = {"name": "runner", "namespace": "team-a"}
TOKEN = Kind("v1", "TokenRequest", "serviceaccounts/runner/token")
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)
BINDING = Kind("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Inhabited]:
    with inhabited("--audit") as made:
        yield made


def bound(cluster: Inhabited, path: Path) -> str:
    """Write the kubeconfig of an account that has the packaged role; its token."""
    client = cluster.client
    assert client.get(NAMESPACE, None, ACCOUNT["namespace"])
    client.create(SERVICE_ACCOUNT, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": ACCOUNT})
    client.create(CLUSTER_ROLE, yaml.safe_load(rbac.MANIFEST.read_text()))
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": rbac.NAME}
    body = {"apiVersion": BINDING.api_version, "kind": BINDING.kind, "metadata": {"name": "runner"},
            "roleRef": reference, "subjects": [{"kind": "ServiceAccount", **ACCOUNT}]}  # fmt: skip
    client.create(BINDING, body)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
               "metadata": {"namespace": ACCOUNT["namespace"]}, "spec": {}}  # fmt: skip
    token = str(client.create(TOKEN, request)["status"]["token"])
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    path.write_text(json.dumps(config))
    return token


def test_a_run_needs_no_right_that_is_not_in_the_role(cluster: Inhabited, tmp_path: Path) -> None:
    token = bound(cluster, tmp_path / "kubeconfig")
    options = ["--csi-allow=cluster-state,disruptive", f"--csi-kubeconfig={tmp_path / 'kubeconfig'}"]
    report = tmp_path / "report.xml"
    run = cluster.finished(tmp_path, f"--csi-driver={DRIVER}", *options, f"--junitxml={report}", "-n2", SOME)
    assert run.returncode == 0, run.stdout
    log = (cluster.kubeconfig.parent / "audit.jsonl").read_text().splitlines()
    mine = [line for line in log if "system:serviceaccount:team-a:runner" in line]
    forbidden = [line for line in mine if '"authorization.k8s.io/decision":"forbid"' in line]
    assert forbidden == []
    assert [each for each in rbac.differences(rbac.granted(rbac.MANIFEST.read_text()), rbac.used(mine))
            if each.startswith("used")] == []  # fmt: skip
    assert token not in run.stdout + report.read_text()
