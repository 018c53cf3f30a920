"""Reports of shards, and of what was run again, as one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.report.document import read_report, text_of
from pytest_csi_snapshot.report.merging import merged
from pytest_csi_snapshot.report.model import Component, Report, Setting
from pytest_csi_snapshot.report.program import main

from .samples import CLUSTER, RUN, case, report

ONE = [case("t.py::test_a", "DEL-001", "passed"), case("t.py::test_b", "DEL-002", "passed")]
TWO = [case("t.py::test_c", "CLN-001", "passed"), case("t.py::test_d", "SNAP-DYN-001", "passed")]


def shard(number: int, *cases: Any, minute: int = 0, **parts: Any) -> Report:
    """One of two shards."""
    name = f"{number}/2"
    run = replace(
        RUN,
        id=f"run{number}{minute}",
        began=f"2026-01-01T10:{minute:02}:00.000+00:00",
        ended=f"2026-01-01T10:{minute:02}:30.000+00:00",
        seconds=30.0,
        shard=name,
        partial=(f"--csi-shard={name}",),
        selected=(f"--csi-shard={name}",),
        settings=(Setting("csi_driver", "driver.example.org", "option"), Setting("csi_shard", name, "option")),
    )
    made = report(None, *cases, run=run)
    return replace(made, **parts)


def put(*reports: Report) -> Report:
    whole, _ = merged([(f"r{number}", each) for number, each in enumerate(reports)], "merge")
    return whole


def test_all_shards_are_the_whole() -> None:
    whole = put(shard(2, *TWO, minute=1), shard(1, *ONE))
    assert (whole.run.partial, whole.missing, whole.run.shard) == ((), (), "")
    assert {clause.id: clause.outcome for clause in whole.clauses} == dict.fromkeys(
        ("SNAP-DYN-001", "DEL-001", "DEL-002", "CLN-001"), "passed"
    )
    assert [test.id for test in whole.tests] == [f"t.py::test_{letter}" for letter in "abcd"]
    assert (whole.run.id, whole.run.seconds) == ("run10+run21", 60.0)
    assert (whole.run.began, whole.run.ended) == ("2026-01-01T10:00:00.000+00:00", "2026-01-01T10:01:30.000+00:00")
    assert [each.name for each in whole.run.settings] == ["csi_driver"]
    assert put(shard(1, *ONE), shard(2, *TWO, minute=1)) == whole


def test_a_shard_that_is_missing_is_said() -> None:
    whole = put(shard(1, *ONE))
    assert whole.run.partial == whole.missing == ("shard 2/2 is missing",)


def test_of_a_shard_that_was_run_again_the_later_counts() -> None:
    before = shard(1, case("t.py::test_a", "DEL-001", "failed"), ONE[1])
    whole = put(before, shard(2, *TWO, minute=1), shard(1, *ONE, minute=2))
    clause = next(each for each in whole.clauses if each.id == "DEL-001")
    assert (clause.outcome, clause.failures) == ("passed", ())
    assert whole.notes == ("t.py::test_a: failed in r0, passed in r2, which is later",)
    assert (whole.run.partial, whole.missing) == ((), ())


def test_what_was_run_again_alone_makes_good_what_was_lost() -> None:
    crash = "worker gw0 crashed in t.py::test_a; its evidence is lost"
    lost = shard(1, case("t.py::test_a", "DEL-001", "errored"), replace(ONE[1], outcome="not run", results=()))
    lost = replace(
        lost, missing=(crash,), run=replace(lost.run, partial=(*lost.run.partial, "worker gw0 crashed"))
    )
    whole = put(lost, shard(2, *TWO))
    assert whole.missing == (crash,)
    assert whole.run.partial == ("1 of 4 tests did not run", crash)
    again = shard(1, *ONE, minute=5)
    again = replace(
        again,
        run=replace(again.run, selected=("--csi-rerun=x",), partial=("--csi-rerun=x",),
                    settings=(*again.run.settings, Setting("csi_rerun", "x", "option"))),
    )  # fmt: skip
    whole = put(lost, shard(2, *TWO), again)
    assert (whole.run.partial, whole.missing) == ((), ())


def test_what_was_run_again_alone_is_no_whole() -> None:
    again = replace(RUN, selected=("--csi-rerun=x",), partial=("--csi-rerun=x",),
                    settings=(Setting("csi_rerun", "x", "option"),))  # fmt: skip
    assert put(report(None, *ONE, run=again)).run.partial == ("--csi-rerun=x",)


def test_a_killed_run_is_made_good_by_what_did_not_run() -> None:
    killed = report(None, ONE[0], replace(ONE[1], outcome="not run", results=()))
    killed = replace(
        killed, missing=("the run has not ended",), run=replace(RUN, ended="", partial=("the run has not ended",))
    )
    assert put(killed).run.partial == ("1 of 2 tests did not run", "the run has not ended")
    later = replace(RUN, id="later", began="2026-01-01T11:00:00.000+00:00")
    whole = put(killed, report(None, ONE[1], run=later))
    assert (whole.run.partial, whole.missing) == ((), ())


def test_a_later_run_that_did_not_get_to_a_test_takes_nothing_away() -> None:
    later = replace(RUN, id="later", began="2026-01-01T11:00:00.000+00:00")
    stopped = report(None, ONE[0], replace(ONE[1], outcome="not run", results=()), run=later)
    whole = put(report(None, *ONE), stopped)
    assert [test.outcome for test in whole.tests] == ["passed", "passed"]
    assert whole.run.partial == ()


def test_a_selection_stays_a_selection() -> None:
    part = replace(RUN, selected=("-k clone",), partial=("-k clone",))
    assert put(report(None, *ONE, run=part)).run.partial == ("-k clone",)


OTHER: dict[str, dict[str, Any]] = {
    "driver": {"implementation": replace(report().implementation, driver="other.example.org")},
    "version of the driver": {"implementation": replace(report().implementation, version="2")},
    "version of pytest-csi-snapshot": {"run": replace(RUN, tool=replace(RUN.tool, version="9"))},
    "cluster": {"cluster": replace(CLUSTER, identity="other")},
    "components": {"cluster": replace(CLUSTER, components=(Component("snapshot-controller", "SC", "8.2.0"),))},
    "number of shards": {"run": replace(RUN, shard="1/3")},
    "settings": {"run": replace(RUN, settings=(Setting("csi_image", "other", "option"),))},
    "clauses": {"clauses": report().clauses[1:]},
}


@pytest.mark.parametrize("what", OTHER)
def test_what_does_not_belong_together_is_refused(what: str) -> None:
    with pytest.raises(UsageTrouble, match=rf"^r0 and r1 do not belong together; {what}: .* and "):
        put(report(), replace(report(), **OTHER[what]))


def test_clusters_that_runs_make_are_alike_by_what_they_are_made_of() -> None:
    reports = [
        replace(report(), cluster=replace(CLUSTER, provider="embedded", identity=identity)) for identity in "ab"
    ]
    assert put(*reports).missing == ()


def saved(folder: Path, made: Report) -> str:
    (folder / "evidence").mkdir(parents=True)
    (folder / "report.json").write_text(text_of(made))
    return str(folder)


def test_merge_writes_the_whole_with_its_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = [case("t.py::test_a", "DEL-001", "failed", evidence="evidence/a.json"),
              replace(ONE[1], evidence="evidence/lost.json")]  # fmt: skip
    first = saved(tmp_path / "1", shard(1, *before))
    second = saved(
        tmp_path / "2", shard(2, *(replace(each, evidence="evidence/c.json") for each in TWO), minute=1)
    )
    (tmp_path / "1/evidence/a.json").write_text('"a"')
    (tmp_path / "2/evidence/c.json").write_text('"c"')
    assert main(["merge", first, second, "-o", str(tmp_path / "all")]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "Exit code 1: DEL-001 (MUST) failed"
    whole = read_report(tmp_path / "all")
    assert whole.verdict.exit_code == 1
    assert [test.evidence for test in whole.tests] == ["evidence/a.json", "", "evidence/c.json", "evidence/c.json"]
    assert next(clause for clause in whole.clauses if clause.failures).failures[0].evidence == "evidence/a.json"
    assert json.loads((tmp_path / "all/evidence/c.json").read_text()) == "c"
    assert main(["check", str(tmp_path / "all")]) == 1


def test_merged_shards_that_passed_are_conformant_and_one_is_not(tmp_path: Path) -> None:
    first, second = saved(tmp_path / "1", shard(1, *ONE)), saved(tmp_path / "2", shard(2, *TWO))
    assert main(["merge", first, second, "-o", str(tmp_path / "all")]) == 0
    assert read_report(tmp_path / "all").verdict.result == "conformant"
    main(["merge", first, "-o", str(tmp_path / "half")])
    assert read_report(tmp_path / "half").verdict.result == "partial"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["merge", "1", "1/report.json", "-o", "all"], "a report was given twice; name each once"),
        (["merge", "1", "-o", "1"], "1 is one of the reports that are merged; name another folder with -o"),
        (["merge", "1", "-o", "1/report.json"], "-o: 1/report.json cannot be written to; File exists"),
        (["check", "--gate=baseline", "1"], "the gate is the baseline of an earlier report; name that with"),
        (["check", "--waivers=none.yaml", "1"], "--csi-waivers: none.yaml cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line(
    arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "1", shard(1, *ONE))
    assert main(arguments) == 4
    error = capsys.readouterr().err
    assert error.startswith(f"pytest-csi-report: {line}")
    assert error.count("\n") == 1
