"""The comparison of the role with a whole run: what fails it, and what of a log it hears."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import check_rights
import generate_rbac as rbac
import pytest
from check_rights import RUNNER, Scene, asked_by
from generate_rbac import Right

from . import audited

LOGS = Right("", "pods/log", "get")
NODES = Right("", "nodes", "delete")

event = partial(audited.event, user=RUNNER.user)


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What a run of everything in two clusters asks for: exactly what is granted. To be changed."""
    lines = [event(right) for right in sorted(rbac.granted(rbac.MANIFEST.read_text()))]

    def played(scene: Scene) -> tuple[list[str], list[str]]:
        return ([] if scene.options else lines), []

    monkeypatch.setattr(check_rights, "played", played)
    monkeypatch.setattr(check_rights, "LOG", tmp_path / "made" / "rights.jsonl")
    return lines


def said(args: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = check_rights.main(args)
    return code, capsys.readouterr().out.strip().splitlines()[1:]


def test_what_is_granted_and_asked_for_is_well(whole: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert said([], capsys) == (0, [])
    assert check_rights.LOG.read_text() == "".join(whole)


def test_what_was_refused_fails(whole: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    whole.append(event(NODES, decision="forbid"))
    assert said([], capsys) == (1, ["asked for but not granted: delete nodes"])
    assert said(["--csi-areas=clone"], capsys) == (1, ["asked for but not granted: delete nodes"])


def test_what_nobody_asked_for_fails_a_whole_run_only(
    whole: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    whole.remove(event(LOGS))
    assert said([], capsys) == (1, ["granted but not asked for: get pods/log"])
    assert said(["--csi-areas=clone"], capsys) == (0, [])


def test_a_run_that_did_not_end_as_it_should_fails(
    whole: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_rights, "played", lambda _scene: (whole, ["a sweep ended with exit code 3, not 0"]))
    assert said(["-x"], capsys) == (1, ["a sweep ended with exit code 3, not 0"])


def test_only_the_account_is_heard_in_all_files_of_a_log(tmp_path: Path) -> None:
    old, new = tmp_path / "audit-2026.jsonl", tmp_path / "audit.jsonl"
    old.write_text(event(LOGS) + event(NODES, user="admin"))
    new.write_text(event(NODES, user=f"{RUNNER.user}-2") + event(LOGS))
    assert list(asked_by(RUNNER, [old, new])) == [event(LOGS), event(LOGS)]
