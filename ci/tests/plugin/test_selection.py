"""Choosing tests by clause, and the order they run in."""

from __future__ import annotations

import pytest

from .conftest import Demo

MANY = """
@pytest.mark.csi_exclusive
@pytest.mark.csi_clause("CLS-003")
def test_default(csi_recorder):
    csi_recorder.check("CLS-003", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-001", "FIN-011")
def test_delete(csi_recorder):
    csi_recorder.check("DEL-001", expected=1, observed=1)

@pytest.mark.csi_clause("DEL-002")
class TestRetain:
    @pytest.mark.csi_clause("DEL-004")
    def test_retain(self, csi_recorder):
        csi_recorder.check("DEL-002", expected=1, observed=1)

def test_bare(): pass
"""


def _ran(result: pytest.RunResult) -> list[str]:
    return [line.split(" ")[0].rpartition("::")[2] for line in result.outlines if line.endswith("%]")]


@pytest.mark.parametrize(
    ("args", "ran"),
    [
        ([], ["test_delete", "test_retain", "test_bare", "test_default"]),
        (["-k", "DEL-001"], ["test_delete"]),
        (["-k", "DEL-002 or CLS-003"], ["test_retain", "test_default"]),
        (["--csi-clauses=DEL"], ["test_delete", "test_retain"]),
        (["--csi-clauses=fin-011,DEL-004"], ["test_delete", "test_retain"]),
        (["--csi-areas=finalizers,snapshot"], ["test_delete", "test_default"]),
        (["--csi-areas=deletion", "--csi-clauses=CLS"], []),
        (["--csi-level=must"], ["test_delete", "test_retain", "test_default"]),
        (["--csi-level=SHOULD,MAY"], []),
    ],
)
def test_selection_and_order(demo: Demo, args: list[str], ran: list[str]) -> None:
    demo.suite(test_one=MANY)
    result = demo.run("-v", *args)
    assert _ran(result) == ran
    assert result.ret == (3 if "test_retain" in ran or "test_delete" in ran else 0 if ran else 5)


def test_selection_in_workers(demo: Demo) -> None:
    demo.suite(test_one=MANY)
    demo.run("-n2", "--csi-clauses=DEL-001").assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_an_unknown_clause_of_a_marker_is_named_with_its_file(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one='@pytest.mark.csi_clause("DEL-01")\ndef test_x(): pass\n')
    result = demo.run(*workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *test_one.py:3: unknown clause 'DEL-01' in csi_clause; did you mean *'?"])
    assert demo.log == []


def test_a_computed_clause_is_checked_at_collection(demo: Demo) -> None:
    demo.suite(test_one='IDS = ["DEL-01"]\n@pytest.mark.csi_clause(*IDS)\ndef test_x(): pass\n')
    result = demo.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: demo/suites/test_one.py::test_x: unknown clause 'DEL-01'*"])


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_the_plan_needs_neither_driver_nor_cluster(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=MANY)
    result = demo.run("--csi-list", "--csi-areas=deletion", *workers, driver="")
    result.stdout.re_match_lines(
        [
            "DEL-001  MUST    demo/suites/test_one.py::test_delete",
            "DEL-002  MUST    demo/suites/test_one.py::TestRetain::test_retain",
            r"DEL-003  MUST    \(no test\)",
            "20 clauses, 3 with a test, 2 tests",
        ]
    )
    assert result.ret == 0
    assert demo.log == []


def test_shards_have_each_test_once_and_the_last_one_those_that_run_alone(demo: Demo) -> None:
    demo.suite(test_one=MANY, test_two=MANY.replace("test_delete", "test_other"))
    ran = [_ran(demo.run("-v", f"--csi-shard={number}/2")) for number in (1, 2)]
    assert sorted(map(sorted, ran)) == sorted(
        map(
            sorted,
            (
                ["test_delete", "test_retain", "test_bare"],
                ["test_other", "test_retain", "test_bare", "test_default", "test_default"],
            ),
        )
    )
    assert ran[1][-2:] == ["test_default", "test_default"]


def test_what_is_no_shard_is_a_usage_error(demo: Demo) -> None:
    demo.suite(test_one=MANY)
    result = demo.run("--csi-shard=3/2")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--csi-shard: '3/2' is not one of N shards; give it as 2/4*"])
