"""What a run says: terminal, exit status, JUnit; alone and with workers."""

from __future__ import annotations

import pytest

from .conftest import Demo

WORKERS = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])

EVERYTHING = """
@pytest.mark.csi_clause("SNAP-DYN-001", "SNAP-DYN-002")
def test_fails(csi_recorder):
    csi_recorder.check("SNAP-DYN-001", expected=1, observed=1)
    csi_recorder.timeline(["0.12 s  VolumeSnapshot readyToUse=false"])
    csi_recorder.check("SNAP-DYN-002", expected="driver a", observed="driver b")

@pytest.mark.csi_clause("DEL-001")
def test_passes(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-002")
def test_errs(csi_recorder):
    csi_recorder.check("DEL-002", expected=1, observed=1)
    assert 1 == 2

@pytest.mark.csi_clause("CLN-001")
def test_lacks(csi_recorder):
    csi_recorder.not_supported("CLN-001", "the driver does not announce CLONE_VOLUME")

@pytest.mark.csi_clause("RES-006")
def test_cannot_tell(csi_recorder):
    csi_recorder.unknown("RES-006", "df shows the host")

@pytest.mark.csi_clause("RES-001")
def test_forgets(csi_recorder): pass

@pytest.mark.skip(reason="asked for")
@pytest.mark.csi_clause("RES-002")
def test_skipped(): pass
"""


@WORKERS
def test_the_section(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=EVERYTHING)
    result = demo.run(*workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "csi-snapshot: Kubernetes v1.37.2, snapshot-controller v8.6.0, driver 1.4.0",
            "*= CSI snapshot conformance =*",
            "area * MUST * SHOULD * MAY",
            "snapshot * 1 failed, 1 unknown, * not run*",
            "FAILED SNAP-DYN-002 * test_fails",
            "  requirement    MUST (contract): The content made for a VolumeSnapshot*",
            "  expected       driver a",
            "  observed       driver b * into the test, 20*",
            "  when           0.12 s  VolumeSnapshot readyToUse=false",
            "  blamed on      snapshot-controller v8.6.0",
            "  run again with pytest --csi-driver=reference 'demo/suites/test_one.py::test_fails'",
            "errored: DEL-002: call: AssertionError: assert 1 == 2 * [[]demo/suites/test_one.py::test_errs[]]",
            "unknown: SNAP-DYN-001: the test ended where SNAP-DYN-002 failed*",
            "skipped: RES-002: asked for*",
            "not supported: CLN-001: the driver does not announce CLONE_VOLUME",
            "cluster up after * s, first test after * s (since the command was typed)",
            "Result: not conformant: 1 of * MUST clauses passed, 1 MUST failed, *",
            "Exit code 1: SNAP-DYN-002 (MUST) failed",
            "FAILED demo/suites/test_one.py::test_fails - SNAP-DYN-002: expected driver a, observed driver b",
            "*2 failed, 1 passed, 4 skipped*",
        ]
    )
    text = result.stdout.str()
    assert "unknown: RES-006: df shows the host" in text
    assert "unknown: RES-001: no check recorded" in text


@WORKERS
def test_one_failure_is_one_block_and_an_error_keeps_its_traceback(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=EVERYTHING)
    text = demo.run(*workers).stdout.str()
    assert text.count("blamed on") == 1
    assert "ClauseViolation" not in text
    assert "_ test_errs _" in text
    assert "E       assert 1 == 2" in text


def test_the_command_to_run_again_does(demo: Demo) -> None:
    demo.pytester.makeini("[pytest]\ncsi_storage_class = my class\n")
    demo.suite(test_one=EVERYTHING)
    done = demo.run("--csi-fault=slow-cut", "--csi-allow=mount")
    line = next(line for line in done.outlines if "run again with" in line)
    command = line.partition("run again with")[2].strip()
    expected = "--csi-driver=reference --csi-fault=slow-cut '--csi-storage-class=my class' " + " ".join(
        f"--csi-allow={each}" for each in ("cluster-state", "disruptive", "mount")
    )
    assert command == f"pytest {expected} 'demo/suites/test_one.py::test_fails'"


BODIES = {
    "passes": ('csi_recorder.check("DEL-001", expected=1, observed=1)', 0),
    "fails": ('csi_recorder.check("DEL-001", expected=1, observed=2)', 1),
    "errs": ('raise RuntimeError("boom")', 3),
    "asserts": ("assert False", 3),
    "unknown": ('csi_recorder.unknown("DEL-001", "why")', 3),
    "forgets": ("pass", 3),
    "lacks": ('csi_recorder.not_supported("DEL-001", "why")', 5),
    "skips": ('pytest.skip("asked")', 5),
    "interrupts": ("raise KeyboardInterrupt", 2),
    "swallows": ('with pytest.raises(AssertionError): csi_recorder.check("DEL-001", expected=1, observed=2)', 1),
}


@pytest.mark.parametrize("body", BODIES)
def test_exit_status(demo: Demo, body: str) -> None:
    text, status = BODIES[body]
    demo.suite(test_one=f'@pytest.mark.csi_clause("DEL-001")\ndef test_it(csi_recorder):\n    {text}\n')
    assert demo.run().ret == status


@WORKERS
def test_trouble_outside_the_call_is_never_the_drivers(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(
        test_one="""
@pytest.fixture
def breaks_before(): raise AssertionError("setup")

@pytest.fixture
def breaks_after():
    yield
    raise AssertionError("teardown")

@pytest.mark.csi_clause("DEL-001")
def test_before(breaks_before, csi_recorder): pass

@pytest.mark.csi_clause("DEL-002")
def test_after(breaks_after, csi_recorder):
    csi_recorder.check("DEL-002", expected=1, observed=1)
"""
    )
    result = demo.run(*workers)
    assert result.ret == 3
    result.stdout.fnmatch_lines_random(
        ["errored: DEL-001: setup: AssertionError: setup*", "errored: DEL-002: teardown: AssertionError: tear*"]
    )


def test_a_crashed_worker_is_errored_never_passed(demo: Demo) -> None:
    demo.suite(
        test_one="""
import os

@pytest.fixture
def dies(): os._exit(9)

@pytest.mark.csi_clause("DEL-001")
def test_in_call(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=1)
    os._exit(9)

@pytest.mark.csi_clause("DEL-002")
class TestIt:
    @pytest.mark.parametrize("x", ["a::b"])
    def test_in_setup(self, dies, x): pass
"""
    )
    result = demo.run("-n2")
    assert result.ret == 3
    for clause in ("DEL-001", "DEL-002"):
        result.stdout.fnmatch_lines([f"errored: {clause}: worker * crashed*"])


WATCHED = """
from dataclasses import dataclass
from pytest_csi_snapshot import waiting

@dataclass
class Seen:
    clause: str
    about = "VolumeSnapshot a"
    expected = "ready stays true"
    observed = "ready became false"
    at = 1.25
    holds = False
    blame = ""

@pytest.fixture
def leaks(csi_recorder):
    yield
    csi_recorder.attach_violation(Seen("FIN-011"))

@pytest.mark.csi_clause("DEL-001")
def test_audit(csi_recorder):
    csi_recorder.on_finish(lambda: csi_recorder.attach_violation(Seen("STAT-007")))
    csi_recorder.check("DEL-001", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-002")
def test_leak(csi_recorder, leaks):
    csi_recorder.check("DEL-002", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-003")
def test_untold(csi_recorder):
    csi_recorder.on_finish(lambda: csi_recorder.attach_violation(Seen("BIND-001")))
    csi_recorder.unknown("DEL-003", "nobody knows")

@pytest.mark.csi_clause("SNAP-DYN-004")
def test_wait(csi_recorder):
    raise waiting.WaitTimeout("SNAP-DYN-004", "readyToUse true", about="VolumeSnapshot a", within=60.0,
                              observations=[waiting.Observation(0.1, "new"), waiting.Observation(2.3, "bound")],
                              why="gave up after 60.00 s")
"""


@WORKERS
def test_what_watching_finds_fails_the_test(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=WATCHED)
    result = demo.run(*workers)
    assert result.ret == 1
    result.assert_outcomes(failed=3, passed=1, errors=1)
    text = result.stdout.str()
    for line in (
        "FAILED STAT-007  test_audit",
        "FAILED FIN-011  test_leak",
        "FAILED BIND-001  test_untold",
        "FAILED SNAP-DYN-004  test_wait",
        "  expected       readyToUse true",
        "  observed       gave up after 60.00 s; last seen: bound",
        "  when           0.10 s  new",
        "  blamed on      snapshot-controller v8.6.0, csi-snapshotter, driver 1.4.0",
        "unknown: DEL-001: the test ended where STAT-007 failed",
    ):
        assert line in text
    assert "Traceback" not in text
    result.stdout.fnmatch_lines(["deletion * 1 passed, 2 unknown, *"])


def test_an_expected_failure_does_not_waive_a_clause(demo: Demo) -> None:
    demo.pytester.makeconftest(
        "import pytest\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items: item.add_marker(pytest.mark.xfail)\n"
    )
    demo.suite(test_one=EVERYTHING)
    assert demo.run("-k", "test_fails").ret == 1
