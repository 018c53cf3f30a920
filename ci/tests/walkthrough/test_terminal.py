"""The story's terminal: tables as kubectl prints them, commands that fail, commands that do not end."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_csi_snapshot.suites.walkthrough.shell import Output, Shell
from pytest_csi_snapshot.suites.walkthrough.steps import looks_like, shows

TABLE = """\
NAME    STATUS   ACCESS MODES   RESTARTS       REASON   AGE
first   Bound    RWO            5 (126m ago)            2d17h
other   Lost                    0              x        3m
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, {"WORD": "said"})


def output(text: str) -> Output:
    return Output("kubectl get", text, "", 0)


def test_a_table_by_its_columns() -> None:
    table = output(TABLE)
    assert table.columns == ["NAME", "STATUS", "ACCESS MODES", "RESTARTS", "REASON", "AGE"]
    first = table.row("first")
    assert (first["ACCESS MODES"], first["RESTARTS"], first["REASON"]) == ("RWO", "5 (126m ago)", "")
    assert table.row("other")["ACCESS MODES"] == ""


def test_a_row_that_is_not_there_is_told_with_the_table() -> None:
    with pytest.raises(AssertionError, match=r"one line for second expected, seen:\s+NAME"):
        output(TABLE).row("second")


def test_newer_columns_are_let_pass_and_lost_ones_are_not() -> None:
    shows(output(TABLE), "NAME", "ACCESS MODES", "AGE")
    with pytest.raises(AssertionError):
        shows(output(TABLE), "NAME", "CAPACITY")
    with pytest.raises(AssertionError):
        shows(output(TABLE), "AGE", "NAME")


def test_a_form_is_that_of_the_whole_value() -> None:
    assert looks_like(r"(\d+[dhms])+", "2d17h")
    assert not looks_like(r"(\d+[dhms])+", "2d17h ago")


def test_a_command_that_fails(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run("echo $WORD").text == "said\n"
    with pytest.raises(AssertionError, match="exit code 0 expected, seen 3: no way"):
        shell.run("echo no way >&2; exit 3")
    with pytest.raises(AssertionError, match="exit code 0 expected, seen 1"):
        shell.run("false | cat")
    assert "$ echo $WORD\nsaid\n" in capsys.readouterr().out


def test_a_command_that_does_not_end_is_followed_to_what_is_wanted(shell: Shell) -> None:
    assert shell.follow("yes", "y", times=2) == ["y\n", "y\n"]
    with pytest.raises(AssertionError, match=r"1 lines with 'b' expected, seen:\s+a"):
        shell.follow("echo a", "b")
