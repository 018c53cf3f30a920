"""The steps of the GitHub action and the GitLab job, run as their runners do, on a broken driver."""

from __future__ import annotations

from pathlib import Path

from templates.steps import ActionRun, read, run

FAULT = "--csi-fault=delete-leaves-snapshot --csi-clauses=DEL-001"


def test_the_action_names_the_broken_clause_and_fails_the_job(tmp_path: Path) -> None:
    job = ActionRun(tmp_path, driver="reference", arguments=FAULT)
    installed = job.step("Install")
    assert installed.returncode == 0, installed.stdout
    assert job.outputs["version"]

    judged = job.step("Judge")
    assert judged.returncode == 0, "the step that judges leaves the verdict to the last one"
    assert job.outputs["exit-code"] == "1", judged.stdout

    told = job.step("Tell")
    assert told.returncode == 0, told.stdout
    assert "::error title=DEL-001 (MUST)::" in told.stdout
    assert "is not conformant" in job.summary.read_text()
    assert (tmp_path / "csi-report" / "report.html").exists()
    assert (tmp_path / "csi-report" / "junit.xml").exists()

    assert job.step("Verdict").returncode == 1


def test_without_a_report_the_action_says_so(tmp_path: Path) -> None:
    job = ActionRun(tmp_path, driver="reference")
    told = job.step("Tell")
    assert (told.returncode, told.stdout.startswith("::error ")) == (0, True)
    assert job.step("Verdict").returncode == 3


def test_the_gitlab_job(tmp_path: Path) -> None:
    job = read("gitlab/csi-snapshot.gitlab-ci.yml")[".csi-snapshot"]
    (script,) = job["script"]
    judged = run(script, tmp_path, ("sh", "-e"), {"CSI_DRIVER": "reference", "CSI_ARGUMENTS": FAULT})
    assert judged.returncode == 1, judged.stdout
    (after,) = job["after_script"]
    assert "is not conformant" in run(after, tmp_path, ("sh", "-e")).stdout
    assert (tmp_path / job["artifacts"]["reports"]["junit"]).exists()

    unnamed = run(script, tmp_path, ("sh", "-e"), {"CSI_DRIVER": "", "CSI_ARGUMENTS": ""})
    assert "say which driver" in unnamed.stdout
    assert unnamed.returncode != 0
