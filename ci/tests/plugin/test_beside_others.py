"""The plugin in other people's pytest runs, and other people's plugins in ours."""

from __future__ import annotations

import re
import sys

import pytest

from .conftest import ONE, Demo

HEAVY = ("kubernetes", "grpc", "yaml", "google.protobuf", "starlette", "httpx")


def _pytest(demo: Demo, *args: str) -> pytest.RunResult:
    return demo.pytester.run(sys.executable, "-m", "pytest", "-W", "ignore", "-p", "no:cacheprovider", *args)


def test_a_foreign_run_imports_next_to_nothing(demo: Demo) -> None:
    demo.pytester.makepyfile(
        test_foreign=f"""
        import sys

        def test_modules():
            ours = [name for name in sys.modules if name.startswith("pytest_csi_snapshot")]
            assert sorted(name.partition(".")[2] for name in ours) == ["", "options", "plugin"]
            assert [name for name in {HEAVY} if name in sys.modules] == []
        """
    )
    _pytest(demo, "test_foreign.py").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "status"),
    [("pass", 0), ("assert False", 1), ("raise KeyboardInterrupt", 2), ("import pytest; pytest.skip()", 0)],
)
def test_a_foreign_run_keeps_its_exit_status_and_output(demo: Demo, body: str, status: int) -> None:
    demo.pytester.makepyfile(test_foreign=f"def test_it():\n    {body}\n")
    with_us, without_us = (_pytest(demo, "test_foreign.py", "-q", *off) for off in ([], ["-p", "no:csi-snapshot"]))
    assert with_us.ret == without_us.ret == status
    assert with_us.outlines[:-1] == without_us.outlines[:-1]


def test_a_folder_called_suites_is_not_ours(demo: Demo) -> None:
    folder = demo.pytester.mkdir("suites")
    folder.joinpath("test_theirs.py").write_text("def test_theirs(): pass\n")
    result = _pytest(demo, "suites")
    result.assert_outcomes(passed=1)
    assert "csi" not in result.stdout.str().replace("csi-snapshot-", "")


NAMES = {
    "--help": re.compile(r"^ +(--[\w-]+)|^  (\w+) \(\w+\):"),
    "--fixtures": re.compile(r"^(\w+)(?: \[\w+ scope\])? -- "),
    "--markers": re.compile(r"^@pytest\.mark\.(\w+)"),
}


@pytest.mark.parametrize("question", NAMES)
def test_every_name_we_add_begins_with_csi(demo: Demo, question: str) -> None:
    def names(*off: str) -> set[str]:
        lines = _pytest(demo, question, *off).outlines
        return {next(filter(None, found.groups())) for line in lines if (found := NAMES[question].match(line))}

    added = names() - names("-p", "no:csi-snapshot")
    assert len(added) >= {"--help": 32, "--fixtures": 3, "--markers": 2}[question]
    assert [name for name in added if not name.startswith(("csi", "--csi-"))] == []


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_our_run_beside_everybody(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(
        test_one=ONE,
        test_others="""
from hypothesis import given, strategies

@given(strategies.integers())
def test_hypothesis(number):
    assert number == number

@pytest.mark.asyncio
async def test_asyncio(): pass

def test_syrupy(snapshot):
    assert snapshot is not None
""",
    )
    result = demo.run("-W", "ignore", *workers, plugins=())
    result.assert_outcomes(passed=4)
    assert result.ret == 0


def test_the_modules_of_a_run_of_ours_that_only_looks_are_light(demo: Demo) -> None:
    demo.pytester.makepyfile(
        look="""
        import sys

        def pytest_collection_finish():
            print("HEAVY", [name for name in ("kubernetes", "grpc") if name in sys.modules])
        """
    )
    demo.run("--csi-list", "-p", "look", "-s").stdout.fnmatch_lines(["HEAVY []"])


def test_a_test_about_no_clause_fails_the_run_as_any_test_does(demo: Demo) -> None:
    demo.suite(test_one=f"{ONE}\ndef test_theirs(csi_recorder):\n    assert 1 == 2\n")
    result = demo.run()
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
