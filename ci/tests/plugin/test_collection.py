"""The packaged suites from any directory, with ids that are the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import pytest_csi_snapshot

from .conftest import Demo

ID = "demo/suites/test_one.py::test_gone"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])


def _ids(result: pytest.RunResult) -> set[str]:
    return {word for line in result.outlines for word in line.split() if "::" in word}


@WORKERS
def test_run_from_an_empty_directory(demo: Demo, workers: tuple[str, ...]) -> None:
    os.chdir(demo.pytester.mkdir("empty"))
    result = demo.run("-v", "--rootdir=.", *workers)
    result.assert_outcomes(passed=1)
    assert _ids(result) == {ID}


@WORKERS
@pytest.mark.parametrize("directory", ["elsewhere", "demo", "."])
def test_a_printed_id_can_be_pasted_back_from_any_directory(
    demo: Demo, directory: str, workers: tuple[str, ...]
) -> None:
    demo.suite(test_two="def test_other(): pass\n")
    (demo.path / directory).mkdir(exist_ok=True)
    os.chdir(demo.path / directory)
    result = demo.run("-v", f"--rootdir={demo.path}", ID, *workers)
    result.assert_outcomes(passed=1)
    printed = _ids(result).pop()
    demo.run("-v", f"--rootdir={demo.path}", printed, *workers).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "ini",
    [
        "python_files = check_*.py",
        "python_functions = check_*",
        "python_classes = Check*",
        "norecursedirs = demo suites",
        "testpaths = own",
        "addopts = --import-mode=importlib",
    ],
)
def test_the_rules_of_the_users_project_do_not_apply(demo: Demo, ini: str) -> None:
    demo.suite(test_one="def test_function(): pass\nclass TestClass:\n    def test_method(self): pass\n")
    demo.pytester.mkdir("own").joinpath("test_own.py").write_text("def test_own(): assert False\n")
    demo.pytester.makeini(f"[pytest]\n{ini}\n")
    demo.run().assert_outcomes(passed=2)


@WORKERS
def test_the_option_works_from_addopts(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.pytester.makeini("[pytest]\naddopts = --csi-driver=reference\ntestpaths = own\n")
    demo.run(*workers, driver="").assert_outcomes(passed=1)


def test_the_ini_key_alone_starts_nothing(demo: Demo) -> None:
    demo.pytester.makeini("[pytest]\ncsi_driver = reference\n")
    demo.pytester.makepyfile(test_own="def test_own(): pass")
    demo.run("test_own.py", driver="").assert_outcomes(passed=1)
    assert demo.log == []


def test_explicit_paths_win(demo: Demo) -> None:
    demo.pytester.makepyfile(test_own="def test_own(csi_cluster): assert csi_cluster.driver == 'x.example.com'")
    result = demo.run("-v", "test_own.py", driver="x.example.com")
    result.assert_outcomes(passed=1)
    assert _ids(result) == {"test_own.py::test_own"}


@pytest.mark.parametrize(
    "args", [["--pyargs", "demo.suites"], ["--pyargs", "demo.suites.test_one"], ["demo/suites"]]
)
def test_a_path_of_the_suites_needs_only_a_driver_from_somewhere(demo: Demo, args: list[str]) -> None:
    demo.env(PYTEST_CSI_DRIVER="reference")
    result = demo.run("-v", *args, driver="")
    result.assert_outcomes(passed=1)
    assert _ids(result) == {ID}


def test_a_conftest_of_the_user_overrides_our_fixtures(demo: Demo) -> None:
    demo.suite(test_one="def test_cluster(csi_cluster): assert csi_cluster == 'mine'\n")
    demo.pytester.makeconftest("import pytest\n@pytest.fixture\ndef csi_cluster(): return 'mine'\n")
    demo.run("-n1").assert_outcomes(passed=1)


def test_assertions_of_the_suites_are_rewritten(demo: Demo) -> None:
    demo.suite(test_one="def test_sum():\n    assert 1 + 1 == 3\n")
    demo.run().stdout.fnmatch_lines(["E*assert (1 + 1) == 3"])


def test_lost_suites_are_one_line(demo: Demo) -> None:
    (demo.path / "demo/suites/test_one.py").unlink()
    result = demo.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the packaged suites (*demo/suites) are missing: reinstall*"])
    assert demo.log == []


def test_the_packaged_suites_have_the_ids_of_their_package(demo: Demo) -> None:
    demo.env(REAL_SUITES="yes")
    os.chdir(demo.pytester.mkdir("empty"))
    result = demo.run("--collect-only", "-q", "-n2")
    assert result.ret == 0
    ids = [line for line in result.outlines if "::" in line]
    assert ids
    assert [each for each in ids if not each.startswith("pytest_csi_snapshot/suites/")] == []
    again = demo.run("--collect-only", "-q", ids[-1])
    assert [line for line in again.outlines if "::" in line] == ids[-1:]


def test_a_path_of_the_checkout_means_the_packaged_file(demo: Demo) -> None:
    demo.env(REAL_SUITES="yes")
    checkout = Path(pytest_csi_snapshot.__file__).parents[1] / "suites"
    ids = {line for line in demo.run("--collect-only", "-q", str(checkout)).outlines if "::" in line}
    assert ids == {line for line in demo.run("--collect-only", "-q").outlines if "::" in line}
