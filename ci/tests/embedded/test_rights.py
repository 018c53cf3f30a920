"""A run by somebody who has the rights of the packaged role, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import generate_rbac as rbac
import pytest
from check_rights import asked_by
from runner_account import Account, kubeconfig_with

from .inhabited import DRIVER, Inhabited, inhabited

SOME = "--csi-clauses=SNAP-DYN-001,SNAP-PRE-001,DEL-006,CLS-001,HA-002,PFL-009,API-VS-001"
RUNNER = Account("team-a", "runner")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Inhabited]:
    with inhabited("--audit") as made:
        RUNNER.move_in(made.client)
        yield made


def test_a_run_needs_no_right_that_is_not_in_the_role(cluster: Inhabited, tmp_path: Path) -> None:
    kubeconfig, report = tmp_path / "kubeconfig", tmp_path / "report.xml"
    token = RUNNER.token(cluster.client)
    kubeconfig.write_text(kubeconfig_with(token, cluster.kubeconfig))
    options = ["--csi-allow=cluster-state,disruptive", f"--csi-kubeconfig={kubeconfig}"]
    run = cluster.finished(tmp_path, f"--csi-driver={DRIVER}", *options, f"--junitxml={report}", "-n2", SOME)
    assert run.returncode == 0, run.stdout
    asked = rbac.asked(asked_by(RUNNER, [cluster.kubeconfig.parent / "audit.jsonl"]))
    assert asked
    assert rbac.lacking(rbac.granted(rbac.MANIFEST.read_text()), asked) == []
    assert token not in run.stdout + report.read_text()
