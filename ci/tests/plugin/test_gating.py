"""The exit code of whole runs: gate, waivers, baseline, and every way in which a run can end early."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import Demo

WORKERS = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])

BOTH = """
@pytest.mark.csi_clause("DEL-001")
def test_must(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=2)

@pytest.mark.csi_clause("EXP-023")
def test_should(csi_recorder):
    csi_recorder.check("EXP-023", expected=1, observed=2)

@pytest.mark.csi_clause("DEL-002")
def test_passes(csi_recorder):
    csi_recorder.check("DEL-002", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-003")
def test_untold(csi_recorder):
    csi_recorder.unknown("DEL-003", "nobody knows")
"""


def waive(demo: Demo, *clauses: str, days: int = 1, outcome: str = "failed") -> str:
    expires = datetime.now(UTC).date() + timedelta(days=days)
    entry = f"{{reason: bug 12, owner: ann, expires: {expires}, outcome: {outcome}, clause: "
    (demo.path / "waivers.yaml").write_text("".join(f"- {entry}{clause}}}\n" for clause in clauses))
    return "--csi-waivers=waivers.yaml"


@WORKERS
def test_what_is_outside_the_gate_is_told_and_does_not_count(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=BOTH)
    result = demo.run("-k", "should or passes", *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "FAILED EXP-023  test_should",
            "does not count for the gate must: EXP-023 (SHOULD) failed",
            "Result: partial: 1 of * MUST clauses passed, 1 SHOULD failed, *",
            "Exit code 0: no MUST clause counts as failed or open, this was only a part",
        ]
    )


def test_the_gate_should_counts_it(demo: Demo) -> None:
    demo.suite(test_one=BOTH)
    result = demo.run("-k", "should or passes", "--csi-gate=should")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Exit code 1: EXP-023 (SHOULD) failed"])


@WORKERS
@pytest.mark.parametrize(("days", "status"), [(1, 0), (-1, 1)])
def test_a_waiver_holds_until_its_day(demo: Demo, workers: tuple[str, ...], days: int, status: int) -> None:
    demo.suite(test_one=BOTH)
    result = demo.run("-k", "must or passes", waive(demo, "DEL-001", "DEL-002", days=days), *workers)
    assert result.ret == status
    text = result.stdout.str()
    assert "waiver not used: DEL-002 passed" in text
    assert "FAILED DEL-001  test_must" in text
    if status:
        assert "waiver expired: the waiver of DEL-001 expired on" in text
        assert "Exit code 1: DEL-001 (MUST) failed\n             the waiver of DEL-001 expired on" in text
    else:
        assert "waived: DEL-001 (failed) until" in text
        assert "Result: not conformant: 1 of 216 MUST clauses passed, 1 MUST failed, 1 waived" in text
        assert "Exit code 0: no MUST clause counts as failed or open, 1 waived, this was only a part" in text


@pytest.mark.parametrize("how", ["--csi-allow-unknown", "waiver"])
def test_an_unknown_clause_may_be_allowed(demo: Demo, how: str) -> None:
    demo.suite(test_one=BOTH)
    given = waive(demo, "DEL-003", outcome="unknown") if how == "waiver" else how
    assert demo.run("-k", "passes or untold", given).ret == 0


def test_a_baseline_counts_what_is_worse(demo: Demo) -> None:
    demo.suite(test_one=BOTH)
    body = {
        "format": "pytest-csi-snapshot/report",
        "version": 1,
        "run": {"began": "2026-01-01T10:00:00.000+00:00", "partial": []},
        "implementation": {"driver": "driver.longhorn.io"},
        "verdict": {"exit_code": 1},
        "clauses": [{"id": "DEL-001", "outcome": "failed"}, {"id": "EXP-023", "outcome": "passed"}],
    }
    (demo.path / "report.json").write_text(json.dumps(body))
    result = demo.run("--csi-gate=baseline", "--csi-baseline=report.json")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "baseline */report.json (2026-01-01): 1 worse, 0 better and 1 as bad as then",
            "  worse: EXP-023 passed -> failed",
            "Exit code 1: EXP-023 (SHOULD) failed, was passed in the baseline",
        ]
    )
    other = demo.run("--csi-baseline=report.json", driver="x.example.com")
    assert other.ret == pytest.ExitCode.USAGE_ERROR
    other.stderr.fnmatch_lines(
        ["*report.json is about driver driver.longhorn.io; this run is about x.example.com"]
    )


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-gate=shoud"], "--csi-gate: unknown value 'shoud'; did you mean 'should'?"),
        (["--csi-gate=baseline"], "add --csi-baseline=REPORT"),
        (["--csi-waivers=none.yaml"], "--csi-waivers: no file 'none.yaml'"),
        (["--csi-waivers=w.yaml"], "w.yaml, entry 1: unknown key 'claus'; did you mean 'clause'?"),
    ],
)
def test_wrong_terms_are_one_line_before_any_cluster(demo: Demo, args: list[str], told: str) -> None:
    (demo.path / "w.yaml").write_text("- claus: DEL-001\n")
    result = demo.run(*args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [line for line in result.errlines if told in line]
    assert demo.log == []


TWO = """
@pytest.mark.csi_clause("DEL-001")
def test_fails(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=2)

@pytest.mark.csi_clause("DEL-002")
@pytest.mark.parametrize("number", range(20))
def test_passes(csi_recorder, number):
    csi_recorder.check("DEL-002", expected=1, observed=1)
"""


@WORKERS
@pytest.mark.parametrize("limit", ["-x", "--maxfail=1"])
def test_a_limit_is_no_interruption_and_makes_the_run_partial(
    demo: Demo, workers: tuple[str, ...], limit: str
) -> None:
    demo.suite(test_one=TWO)
    result = demo.run(limit, waive(demo, "DEL-001"), *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["Exit code 0: *, 1 waived, this was only a part"])
    assert demo.run(limit, *workers).ret == 1


ENDS = {
    "exit": ('pytest.exit("enough")', 2, "Exit code 2: pytest.exit: enough"),
    "exit zero": ('pytest.exit("enough", returncode=0)', 2, "Exit code 2: pytest.exit: enough"),
    "exit seven": ('pytest.exit("enough", returncode=7)', 7, "Exit code 7: pytest.exit: enough"),
    "interrupt": ("raise KeyboardInterrupt", 2, "Exit code 2: interrupted"),
    "stop": ('request.session.shouldstop = "no time"', 2, "Exit code 2: interrupted: no time"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_run_that_is_ended_early_is_partial(demo: Demo, how: str) -> None:
    body, status, told = ENDS[how]
    demo.suite(test_one=f"{BOTH}\n\ndef test_last(request):\n    {body}\n")
    result = demo.run("-k", "passes or last")
    assert result.ret == status
    assert "Result: partial" in result.stdout.str()
    assert told in result.stdout.str()


@WORKERS
def test_an_internal_error_is_trouble_and_partial(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.pytester.makeconftest("def pytest_runtest_protocol(item): raise ValueError('a plugin')")
    demo.suite(test_one=BOTH)
    result = demo.run(*workers)
    assert result.ret == 3
    text = result.stdout.str()
    assert "Result: nothing judged" in text
    assert "Exit code 3: INTERNALERROR: ValueError: a plugin\n" in text


@WORKERS
def test_a_file_that_cannot_be_collected_is_trouble(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_two="import nothing_like_it")
    result = demo.run(*workers)
    assert result.ret == 3
    result.stdout.fnmatch_lines(["Exit code 3: demo/suites/test_two.py: errored"])


def test_a_worker_that_dies_is_trouble_even_where_unknown_is_allowed(demo: Demo) -> None:
    demo.suite(
        test_one=f"{BOTH}\n\n@pytest.mark.csi_clause('DEL-004')\ndef test_dies():\n    import os; os._exit(9)\n"
    )
    result = demo.run("-n2", "-k", "passes or dies", "--csi-allow-unknown")
    assert result.ret == 3
    result.stdout.fnmatch_lines(["Result: partial: *", "Exit code 3: worker gw? crashed*"])


def test_pytests_own_complaint_is_not_lost(demo: Demo) -> None:
    demo.pytester.makeconftest(
        "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtestloop(session):\n"
        "    result = yield\n    session.testsfailed += 1\n    return result\n"
    )
    result = demo.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Exit code 1: pytest reports a failure that is no test's"])


def test_a_plugin_that_mixes_pytests_count_in_does_not_change_the_verdict(demo: Demo) -> None:
    demo.pytester.makeconftest("def pytest_sessionfinish(session, exitstatus): session.exitstatus |= exitstatus")
    demo.suite(test_one=BOTH)
    assert demo.run("-k", "must", waive(demo, "DEL-001")).ret == 0
    demo.pytester.makeconftest("def pytest_sessionfinish(session): session.exitstatus = 9")
    assert demo.run("-k", "must", waive(demo, "DEL-001")).ret == 9


def test_a_signal_is_an_interruption(demo: Demo) -> None:
    import os

    fifo = demo.path / "fifo"
    os.mkfifo(fifo)
    demo.env(FIFO=str(fifo))
    demo.suite(
        test_one=f"{TWO}\n\ndef test_z(csi_cluster):\n    from stand_in import block\n    block()\n",
    )
    running = demo.start("-p", "no:cacheprovider")
    assert fifo.read_text() == "blocked"
    running.send_signal(signal.SIGTERM)
    output = running.communicate()[0].decode()
    assert running.returncode == 2
    assert "Result: not conformant" in output
    assert "Exit code 2: interrupted" in output


def test_the_line_of_the_evidence_and_the_place_of_reports(demo: Demo) -> None:
    demo.suite(test_one=BOTH)
    text = demo.run("-k", "must", "--junit-xml=out.xml", "--csi-report=out").stdout.str()
    (evidence,) = (demo.path / "out/evidence").iterdir()
    place = f"out/evidence/{evidence.name}"
    assert f"  evidence       {place}" in text
    assert "reports: out/report.json, " in text
    assert "out.xml (JUnit)" in text
    assert f'<property name="csi_evidence" value="{place}" />' in (demo.path / "out.xml").read_text()
