"""The stage that needs a kind cluster: from what is there, from a lab, or told as not run."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import kind_lab
import pytest
import stages
from kind_lab import KindLab
from stage_log import TOO_LONG, execute, last_words


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: no engine and no lab; what is put there is on PATH, and beside it is the lab."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    monkeypatch.delenv("PYTEST_CSI_KIND_IMAGE", raising=False)
    program(bin_folder / "docker", "exit 1")
    monkeypatch.setattr(kind_lab, "LAB", tmp_path / "lab")
    monkeypatch.setattr(kind_lab, "LOG", tmp_path / "artifacts" / "lab.log")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return tmp_path


def on_kind(command: str) -> stages.Stage:
    return stages.Stage("kind", ["sh", "-c", command], on_kind=True)


def lab_that(folder: Path, text: str, binaries: str = "", engine: str = "exit 1") -> KindLab:
    """A lab whose ``up`` does ``text``, once its ``binaries`` are done; its engine is not up unless said."""
    (folder / "lab").mkdir()
    for name, does in {"up": text, "binaries": binaries, "engine": engine}.items():
        program(folder / "lab" / name, does)
    lab = KindLab()
    lab.begin()
    return lab


def test_without_an_engine_and_a_lab_it_is_told_as_not_run_with_the_reason(folder: Path) -> None:
    lab = KindLab()
    lab.begin()
    result = stages.run(on_kind("exit 7"), lab)
    assert result.code == 0
    assert (
        f"not run: no Docker engine with a node image (kindest/node), and no lab in {folder}/lab"
        in stages.table([result])
    )


def test_an_engine_with_a_node_image_is_taken_as_it_is(folder: Path) -> None:
    program(folder / "bin" / "docker", "printf 'kindest/node:<none>\\nkindest/node:v1.37.2\\n'")
    lab = lab_that(folder, "touch begun")
    result = stages.run(on_kind('test "$PYTEST_CSI_KIND_IMAGE" = kindest/node:v1.37.2'), lab)
    assert (result.code, result.not_run) == (0, "")
    assert lab.environment() == {"PYTEST_CSI_KIND_IMAGE": "kindest/node:v1.37.2"}


LAB = """
echo "export DOCKER_HOST=unix://$PWD/docker.sock"
echo "export PATH=/lab/bin:\\$PATH"
echo "export KINDLAB_NODE_IMAGE=node:1 KINDLAB_CLUSTER_CONFIG=config KINDLAB_BASE_IMAGE=base:1"
"""


def test_a_lab_is_begun_before_and_awaited(folder: Path) -> None:
    lab = lab_that(folder, LAB)
    told = f'echo "$PYTEST_CSI_BASE_IMAGE $PYTEST_CSI_KIND_CONFIG $PATH" >{folder}/told'
    result = stages.run(on_kind(told), lab)
    assert result.code == 0
    base, config, path = (folder / "told").read_text().split()
    assert (base, config) == ("base:1", "config")
    assert path.startswith(f"/lab/bin:{folder}/bin:")


def test_no_engine_begins_before_a_stage_needs_it(folder: Path) -> None:
    lab = lab_that(folder, f"touch {folder}/up", engine=f"echo $1 >>{folder}/asked; [ $1 = stop ]")
    lab.end()
    assert not (folder / "up").exists()
    assert not (folder / "asked").exists(), "it was never started, so it is not stopped"


@pytest.mark.parametrize(("was_up", "asked"), [(True, ["status"]), (False, ["status", "stop"])])
def test_an_engine_ends_that_began_for_us(folder: Path, was_up: bool, asked: list[str]) -> None:
    lab = lab_that(folder, LAB, engine=f"echo $1 >>{folder}/asked; {'true' if was_up else 'false'}")
    assert stages.run(on_kind("exit 0"), lab).code == 0
    lab.end()
    assert (folder / "asked").read_text().split() == asked


@pytest.mark.parametrize("script", ["up", "binaries"])
def test_a_lab_that_fails_is_told_as_such_and_shows_its_log(
    folder: Path, capfd: pytest.CaptureFixture[str], script: str
) -> None:
    fails = "echo 'no space left' >&2; exit 1"
    lab = lab_that(folder, LAB, fails) if script == "binaries" else lab_that(folder, fails)
    result = stages.run(on_kind("exit 0"), lab)
    assert result.not_run == f"the lab's {script} ended with 1, see its log above"
    assert "no space left" in capfd.readouterr().out


def test_a_lab_nobody_waits_for_is_ended_with_what_it_runs(folder: Path) -> None:
    fifo = folder / "fifo"
    subprocess.run(["mkfifo", str(fifo)], check=True)
    lab = lab_that(folder, "", f"cat {fifo} &\nwait")
    writer = os.open(fifo, os.O_WRONLY)  # returns once the lab's child reads
    lab.end()
    hangs_up = select.poll()
    hangs_up.register(writer, 0)
    assert hangs_up.poll(10_000) == [(writer, select.POLLERR)], "nobody reads any more"
    os.close(writer)


def test_the_table_has_a_line_for_each_end() -> None:
    ok = stages.Result(on_kind(""), seconds=1.25)
    lines = stages.table([ok, stages.Result(on_kind(""), 3, 2.0)]).splitlines()
    assert [line.split()[1:] for line in lines[1:]] == [["ok", "1.2"], ["exit", "3", "2.0"], ["3.2"]]


@pytest.mark.parametrize(("command", "told"), [("exit 1", 1), ("exit 0", 0)])
def test_what_a_failed_run_came_to_is_told_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, command: str, told: int
) -> None:
    report = tmp_path / "report"
    ran = stages.Stage("conformance", ["sh", "-c", command], report=str(report))
    monkeypatch.setattr(stages, "STAGES", (ran,))
    assert stages.main(["test"]) == told
    said = capfd.readouterr()
    assert (said.out.count("conformance, once more"), said.err.count(str(report))) == (told, told)


def test_what_a_stage_said_is_told_once_more_where_it_failed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Below the table: of a long log the end is what is looked at."""
    fails = stages.Stage("units", ["sh", "-c", "echo one; echo two >&2; exit 3"])
    monkeypatch.setattr(stages, "STAGES", (fails, stages.Stage("lint", ["sh", "-c", "echo clean"])))
    monkeypatch.setattr(stages, "LOGS", tmp_path)
    assert stages.main(["test"]) == 1
    said = capfd.readouterr().out
    assert said.endswith("==> the end of units\none\ntwo\n")
    assert (said.count("\nclean\n"), said.count("\none\ntwo\n")) == (1, 2)


def test_a_command_that_hangs_is_asked_where_it_is(tmp_path: Path) -> None:
    log = tmp_path / "stages" / "hangs.log"
    hangs = 'import signal\ntry:\n    signal.pause()\nexcept KeyboardInterrupt:\n    print("in the wait")'
    assert execute([sys.executable, "-Ic", hangs], 5, {}, cwd=tmp_path, log=log) == TOO_LONG
    assert last_words(log) == "in the wait"
