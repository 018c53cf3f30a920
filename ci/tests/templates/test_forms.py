"""The templates are what their systems take: by the published schemas, by actionlint, by their scripts' syntax."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .actionlint import actionlint
from .steps import CI, read

SCHEMAS = {
    "github/action.yml": "vendor.github-actions",
    "github/workflow.yml": "vendor.github-workflows",
    "gitlab/csi-snapshot.gitlab-ci.yml": "vendor.gitlab-ci",
}


@pytest.mark.parametrize(("path", "schema"), SCHEMAS.items())
def test_schema(path: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(CI / path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_workflow_passes_the_linter(tmp_path: Path) -> None:
    """With the action beside it, so that its inputs are looked at too."""
    for name in ("action.yml", "workflow.yml"):
        target = tmp_path / ("ci/github" if name == "action.yml" else ".github/workflows") / name
        target.parent.mkdir(parents=True)
        text = (CI / "github" / name).read_text()
        target.write_text(text.replace("OWNER/pytest-csi-snapshot/ci/github@v0.1.0", "./ci/github"))
    (tmp_path / ".git").mkdir()
    linted = subprocess.run(
        [actionlint(), "-no-color", "-shellcheck=", "-pyflakes="],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")


def scripts() -> list[tuple[str, str]]:
    found = [("github", step["run"]) for step in read("github/action.yml")["runs"]["steps"] if "run" in step]
    job = read("gitlab/csi-snapshot.gitlab-ci.yml")[".csi-snapshot"]
    found += [("gitlab", line) for part in ("before_script", "script", "after_script") for line in job[part]]
    found += [("tekton", step["script"]) for step in read("tekton/task.yaml")["spec"]["steps"]]
    found += [("sonobuoy", text) for text in read("sonobuoy/plugin.yaml")["spec"]["args"]]
    return found


@pytest.mark.parametrize(("where", "script"), scripts())
def test_scripts_parse(where: str, script: str) -> None:
    told = subprocess.run(["bash" if where == "github" else "sh", "-n"], input=script, text=True, check=False)
    assert told.returncode == 0


def test_a_task_declares_what_it_uses() -> None:
    """Tekton refuses a task that names a parameter, workspace or result that it does not declare."""
    text = (CI / "tekton" / "task.yaml").read_text()
    spec = read("tekton/task.yaml")["spec"]
    for kind in ("params", "workspaces", "results"):
        for each in spec[kind]:
            assert f"$({kind}.{each['name']}" in text, f"{kind}: {each['name']} is not used"
    for named in [part.split(")")[0] for part in text.split("$(")[1:]]:
        kind, name = named.split(".")[:2]
        assert name.removesuffix("[*]") in {each["name"] for each in spec[kind]}, named
