"""pytest-csi-report: what it prints, its exit codes, its badge."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_csi_snapshot.report.badge import badge, result_of
from pytest_csi_snapshot.report.document import text_of
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.program import main

from .samples import RUN, case, report


def saved(folder: Path, made: Report) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(text_of(made))
    return str(folder)


def test_show_says_what_the_terminal_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", saved(tmp_path, report({"DEL-001": "failed", "DEL-002": "unknown"}))]) == 0
    text = capsys.readouterr().out
    for line in (
        "driver driver.example.org, cluster existing",
        "deletion  1 failed, 1 unknown  -       -",
        "FAILED DEL-001  test_DEL-001",
        "  expected       gone",
        "  blamed on      driver",
        "Result: in words",
        "Exit code 1",
    ):
        assert f"{line}\n" in text


def test_what_a_report_says_does_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = case("t.py::test_x", "DEL-001", "unknown", why="\x1b[2J\rgone")
    assert main(["show", saved(tmp_path, report(None, hostile))]) == 0
    assert "�[2J�gone" in capsys.readouterr().out


def test_diff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean, fault = saved(tmp_path / "a", report()), saved(tmp_path / "b", report({"DEL-001": "failed"}))
    assert main(["diff", clean, fault]) == 1
    assert "broken (failed now, and not before): 1\n  DEL-001 " in capsys.readouterr().out
    assert main(["diff", fault, clean]) == 0
    capsys.readouterr()
    assert main(["diff", "--json", clean, fault]) == 1
    assert [each["clause"] for each in json.loads(capsys.readouterr().out)["changes"]] == ["DEL-001"]


def test_diff_reads_latencies_from_the_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, seconds in (("a", 0.5), ("b", 0.9)):
        made = report(None, case("t.py::test_x", "DEL-001", "passed", evidence="evidence/x.json"))
        saved(tmp_path / name, made)
        (tmp_path / name / "evidence").mkdir()
        rows = [{"phase": "snapshot ready", "seconds": seconds + 0.01 * number} for number in range(12)]
        (tmp_path / name / "evidence/x.json").write_text(json.dumps({"latencies": rows}))
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "slower: snapshot ready, median 0.56 s -> 0.95 s (p 1.6e-05)" in capsys.readouterr().out


def test_html_makes_the_page_beside_the_report_or_elsewhere(tmp_path: Path) -> None:
    clean, fault = saved(tmp_path / "a", report()), saved(tmp_path / "b", report({"DEL-001": "failed"}))
    assert main(["html", fault]) == 0
    assert "driver.example.org" in (tmp_path / "b/report.html").read_text()
    assert main(["html", fault, "--compare", clean, "-o", str(tmp_path / "both.html")]) == 0
    assert '"kind":"broken"' in (tmp_path / "both.html").read_text().replace(" ", "")
    assert not (tmp_path / "a/report.html").exists()


@pytest.mark.parametrize("command", ["show", "diff", "badge", "merge", "check", "html"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: pytest-csi-report {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["show"], "pytest-csi-report show: the following arguments are required: REPORT; see"),
        ([], "pytest-csi-report: the following arguments are required: COMMAND; see"),
        (["show", "nowhere"], "pytest-csi-report: nowhere: no report can be read there; nowhere: No such file"),
        (["badge", "pyproject.toml"], "pytest-csi-report: pyproject.toml: is no JSON"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_4(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    try:
        code = main(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    out, error = capsys.readouterr()
    assert (code, out) == (4, "")
    assert error.startswith(line)
    assert error.count("\n") == 1


def test_a_badge_that_cannot_be_written_is_trouble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = saved(tmp_path, report())
    assert main(["badge", made, "-o", str(tmp_path / "none/x.svg")]) == 3
    assert "cannot be written; No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (report(), "conformant"),
        (report({"DEL-001": "failed"}), "not conformant"),
        (replace(report(), run=replace(RUN, partial=("-k clone",))), "partial"),
        (replace(report(), run=replace(RUN, ended="")), "partial"),
        (replace(report(), missing=("worker gw0 crashed",)), "partial"),
        (replace(report({"DEL-001": "failed"}), missing=("worker gw0 crashed",)), "not conformant"),
    ],
)
def test_a_badge_never_calls_a_part_conformant(made: Report, result: str) -> None:
    assert result_of(made) == result
    drawn = ElementTree.fromstring(badge(made))
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["CSI snapshots", f"{result} {made.verdict.counts['MUST']['passed']}/4"]


def test_a_badge_is_xml_whatever_the_driver_is_called() -> None:
    made = report()
    odd = replace(made, verdict=replace(made.verdict, sentence='<a & "b">\x00\x1b'))
    assert ElementTree.fromstring(badge(odd)).get("aria-label", "").endswith('<a & "b">')
