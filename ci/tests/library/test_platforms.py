"""What CI systems show of a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_csi_snapshot.report.document import text_of
from pytest_csi_snapshot.report.model import (
    Blamed,
    Implementation,
    Report,
    ReportedClause,
    ReportedCluster,
    ReportedFailure,
    ReportedVerdict,
    Run,
    Tool,
    Waiver,
)
from pytest_csi_snapshot.report.platforms import LONGEST, MOST, markdown, sentence, workflow_commands
from pytest_csi_snapshot.report.program import main

FAILURE = ReportedFailure(
    test="suites/test_deletion.py::test_x",
    expected="the backend no longer has the snapshot",
    observed="still there: <b>|100 %",
    rerun="pytest --csi-driver=d 'x'",
)
BROKEN = ReportedClause(
    id="DEL-001",
    area="deletion",
    level="MUST",
    basis="contract",
    owners=("DRV",),
    sentence="With policy Delete, the snapshot goes.",
    source="spec",
    outcome="failed",
    blamed=(Blamed("driver", "1.2"),),
    failures=(FAILURE,),
)
REPORT = Report(
    run=Run("r", "2026-01-01T00:00:00.000+00:00", "", 61.4, "pytest --csi-driver=d", 4, Tool("p", "1", "3", "9")),
    implementation=Implementation("ebs.csi.example.com", "1.2"),
    cluster=ReportedCluster("existing", versions="Kubernetes v1.37.2"),
    verdict=ReportedVerdict(
        "not conformant",
        "not conformant: 215 of 216 MUST clauses passed, 1 MUST failed",
        1,
        reasons=("DEL-001 failed",),
        counts={"MUST": {"passed": 215, "failed": 1}},
    ),
    clauses=(BROKEN,),
)


def doubtful(number: int) -> ReportedClause:
    return replace(BROKEN, id=f"RES-{number:03}", outcome="unknown", reason="one node", failures=(), blamed=())


def test_the_summary_of_a_job() -> None:
    text = markdown(REPORT)
    assert text.startswith("## CSI snapshots: ebs.csi.example.com is not conformant\n")
    assert "- DEL-001 failed" in text
    assert "|MUST|215|1|\n|SHOULD|0|0|" in text
    assert (
        "|DEL-001|MUST|With policy Delete, the snapshot goes.|still there: &lt;b&gt;\\|100 %|driver 1.2||" in text
    )
    assert sentence(REPORT) == "not conformant: 215 of 216 MUST clauses passed, 1 MUST failed"


def test_what_is_missing_or_partial_is_said_before_the_table() -> None:
    text = markdown(
        replace(REPORT, missing=("worker gw1 crashed",), run=replace(REPORT.run, partial=("-k clone",)))
    )
    assert (
        text.index("**missing**: worker gw1 crashed") < text.index("only a part: -k clone") < text.index("|MUST|")
    )


def test_annotations_are_one_line_each() -> None:
    error, verdict = workflow_commands(REPORT)
    assert error == (
        "::error title=DEL-001 (MUST)::With policy Delete, the snapshot goes.%0A"
        "expected the backend no longer has the snapshot%0Aobserved still there: <b>|100 %25%0A"
        "blamed on driver 1.2%0Arun again with pytest --csi-driver=d 'x'"
    )
    assert verdict.startswith("::notice title=CSI snapshot conformance::not conformant: ")


def test_what_is_excused_or_in_doubt_warns() -> None:
    waived = replace(BROKEN, id="DEL-002", waiver="bug 12")
    known = replace(BROKEN, id="DEL-003", excuse="snapshot-controller 8.7.0: leaks")
    lines = workflow_commands(replace(REPORT, clauses=(waived, known, doubtful(1))))
    assert [line.partition(" ")[0] for line in lines] == ["::warning", "::warning", "::warning", "::notice"]
    assert "waived: bug 12" in lines[0]
    assert "known: snapshot-controller 8.7.0: leaks" in lines[1]
    assert "unknown: one node" in lines[2]


def test_more_than_are_shown_are_counted() -> None:
    lines = workflow_commands(replace(REPORT, clauses=tuple(doubtful(number) for number in range(MOST + 3))))
    assert len(lines) == MOST + 1
    assert lines[MOST - 1] == "::warning title=4 more clauses::RES-009, RES-010, RES-011, RES-012"


def test_a_long_story_is_cut() -> None:
    long = replace(BROKEN, failures=(replace(FAILURE, observed="x" * 5000),))
    assert len(workflow_commands(replace(REPORT, clauses=(long,)))[0]) < LONGEST + 100


def test_waivers_are_listed() -> None:
    waiver = Waiver("DEL-009", "expired", "bug 7", "storage team", "", "2026-01-31")
    assert "- waiver of DEL-009, expired: bug 7 (storage team, until 2026-01-31)" in markdown(
        replace(REPORT, waivers=(waiver,))
    )


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        ("sentence", "not conformant: "),
        ("markdown", "## CSI snapshots: "),
        ("annotations", "::error title=DEL-001"),
    ],
)
def test_each_is_a_command(command: str, begins: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.json").write_text(text_of(REPORT))
    assert main([command, str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(begins)
