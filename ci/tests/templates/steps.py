"""The shell scripts of the templates, and how a runner runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

CI = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def read(path: str) -> Any:
    """A template, below ``ci/``."""
    return yaml.safe_load((CI / path).read_text())


def run(
    script: str,
    cwd: Path,
    shell: tuple[str, ...] = ("bash", "-eo", "pipefail"),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub's runner does (``bash -eo pipefail``); output as text, errors and all."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [*shell, "-c", script],
        cwd=cwd,
        env={**os.environ, "PATH": path, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


class ActionRun:
    """One job that uses the composite action: its steps in turn, with what GitHub puts between them."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self._action = read("github/action.yml")
        self.inputs = {name: each.get("default", "") for name, each in self._action["inputs"].items()} | inputs
        self.outputs: dict[str, str] = {}
        self.summary = folder / "summary.md"
        self.temp = folder / "temp"
        self.temp.mkdir()

    def step(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the step of that name; what it puts out is kept for those after it."""
        step = next(each for each in self._action["runs"]["steps"] if each["name"] == name)
        output = self.folder / "output"
        output.touch()
        given: dict[str, str] = {key: self._value(text) for key, text in step.get("env", {}).items()}
        done = run(
            step["run"],
            self.folder,
            environment={
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                **given,
            },
        )
        self.outputs |= dict(line.split("=", 1) for line in output.read_text().splitlines())
        return done

    def _value(self, text: str) -> str:
        """An expression of the action, as far as it has any."""
        known = {f"inputs.{name}": value for name, value in self.inputs.items()}
        known["steps.judge.outputs.exit-code"] = ""
        known |= {f"steps.judge.outputs.{name}": value for name, value in self.outputs.items()}
        known["github.action_path"] = str(CI / "github")
        for name, value in known.items():
            text = text.replace(f"${{{{ {name} }}}}", value)
        assert "${{" not in text, text
        return text


class TaskRun:
    """One run of the Tekton task: parameters put in, workspaces as folders, its steps in turn until one fails.

    As its runner does, a script is made a file and started by its first line, with the arguments of its step.
    """

    def __init__(self, folder: Path, **params: str | list[str]) -> None:
        self.folder = folder
        self._spec = read("tekton/task.yaml")["spec"]
        declared = {each["name"]: each.get("default") for each in self._spec["params"]}
        assert not params.keys() - declared.keys(), "Tekton refuses parameters that a task does not declare"
        self._known: dict[str, str] = {}
        self._lists: dict[str, list[str]] = {}
        for name, value in (declared | params).items():
            assert value is not None, f"Tekton refuses a run without {name}"
            if isinstance(value, list):
                self._lists[f"$(params.{name}[*])"] = value
            else:
                self._known[f"$(params.{name})"] = value
        self.workspaces = {each["name"]: folder / "workspaces" / each["name"] for each in self._spec["workspaces"]}
        for name, path in self.workspaces.items():
            path.mkdir(parents=True)
            self._known[f"$(workspaces.{name}.path)"] = str(path)
        self._results = folder / "results"
        self._results.mkdir()
        self._known |= {f"$(results.{each['name']}.path)": str(self._results / each["name"])
                        for each in self._spec["results"]}  # fmt: skip

    @property
    def results(self) -> dict[str, str]:
        """What the steps have put out."""
        return {path.name: path.read_text() for path in self._results.iterdir()}

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """The last step that was run; ``environment`` is what the pod has besides."""
        for number, step in enumerate(self._spec["steps"]):
            script = self.folder / f"script-{number}"
            script.write_text(self._value(step["script"]))
            script.chmod(0o755)
            given = {each["name"]: self._value(each["value"]) for each in step.get("env", ())}
            arguments = [part for each in step.get("args", ()) for part in self._values(each)]
            path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
            done = subprocess.run(
                [script, *arguments],
                cwd=self.folder,
                env={**os.environ, "PATH": path, **given, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=600,
                check=False,
            )
            if done.returncode:
                break
        return done

    def _values(self, text: str) -> list[str]:
        return self._lists[text] if text in self._lists else [self._value(text)]

    def _value(self, text: str) -> str:
        for name, value in self._known.items():
            text = text.replace(name, value)
        assert "$(" not in text, text
        return text
