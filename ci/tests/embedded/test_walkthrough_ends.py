"""The walkthrough of a driver that is broken on purpose: it ends at the step that shows it."""

from __future__ import annotations

from pathlib import Path

from .runs import finished


def test_a_backup_that_stays_is_seen(tmp_path: Path) -> None:
    run = finished(tmp_path, "--csi-walkthrough", "--csi-fault=delete-leaves-snapshot")

    assert run.returncode == 1, run.stdout
    failed = [line.rpartition("::")[2] for line in run.stdout.splitlines() if line.startswith("FAILED ")]
    assert [name.split()[0] for name in failed] == ["test_policy_delete_removes_content_and_backup"]
    assert "test_policy_retain" not in run.stdout, "it went on after the step that failed"
