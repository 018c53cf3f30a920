"""The walkthrough: a story of its own, in its order, apart from the suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Demo

STEPS = """
def test_b(): print("step b")
def test_a(): assert {good}
"""


@pytest.fixture
def story(demo: Demo) -> Demo:
    """A demo project whose suites have a walkthrough, told in an order that names would not give."""
    folder = demo.path / "demo/suites/walkthrough"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "test_1.py").write_text(STEPS.format(good=True))
    (folder / "test_2.py").write_text("def test_c(): pass\n")
    return demo


def ran(result: pytest.RunResult) -> list[str]:
    return [line.split()[0].rpartition("/")[2] for line in result.outlines if "::" in line and "PASSED" in line]


def test_an_ordinary_run_does_not_tell_it(story: Demo) -> None:
    result = story.run("-v")
    assert ran(result) == ["test_one.py::test_gone"]


@pytest.mark.parametrize("args", [(), ("-n2",)], ids=["alone", "workers"])
def test_it_is_told_alone_and_in_its_order(story: Demo, args: tuple[str, ...]) -> None:
    result = story.run("-v", "--csi-walkthrough", *args, driver="")
    assert ran(result) == ["test_1.py::test_b", "test_1.py::test_a", "test_2.py::test_c"]
    assert result.ret == 0
    assert story.log == ["create", "delete"]
    assert "CSI snapshot conformance" not in result.stdout.str()


def test_it_ends_with_the_first_step_that_fails(story: Demo) -> None:
    (story.path / "demo/suites/walkthrough/test_1.py").write_text(STEPS.format(good=False))
    result = story.run("-v", "--csi-walkthrough", driver="")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    story.run("--csi-walkthrough", "--maxfail=9", driver="").assert_outcomes(passed=2, failed=1)


@pytest.mark.parametrize("name", ["demo/suites/walkthrough", "demo/suites/walkthrough/test_1.py::test_b"])
def test_its_name_asks_for_it_too(story: Demo, name: str) -> None:
    result = story.run("-v", name, driver="")
    assert "test_1.py::test_b" in ran(result)
    assert "walkthrough=true" in result.stdout.str()


def test_its_cluster_begins_as_the_tutorials_does(story: Demo) -> None:
    (story.path / "demo/suites/walkthrough/test_1.py").write_text("""
def test_settings(pytestconfig, csi_cluster):
    from pytest_csi_snapshot.settings import SETTINGS
    settings = pytestconfig.stash[SETTINGS]
    assert (settings.csi_longhorn, settings.csi_replicas) == ("seed", {"csi-snapshotter": 3})
    assert set(settings.csi_without) == {"snapshot-crds", "snapshot-controller"}
""")
    result = story.run("--csi-walkthrough", driver="")
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-driver=x.example.com"], "leave --csi-driver and --csi-cluster out"),
        (["--csi-cluster=existing"], "leave --csi-driver and --csi-cluster out"),
        (["--csi-clauses=DEL"], "--csi-clauses does not go with --csi-walkthrough"),
        (["--csi-reuse"], "--csi-reuse does not go with --csi-walkthrough"),
    ],
)
def test_what_does_not_go_with_it(story: Demo, args: list[str], told: str) -> None:
    result = story.run("--csi-walkthrough", *args, driver="")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in result.stderr.str()
    assert story.log == []


def test_the_real_one_has_every_chapter(demo: Demo) -> None:
    demo.env(REAL_SUITES="1")
    result = demo.run("--csi-walkthrough", "--collect-only", "-q", driver="")
    files = {Path(line.partition("::")[0]).name for line in result.outlines if "::" in line}
    assert {name[:6] for name in files} >= {f"test_{chapter}" for chapter in range(1, 7)}
    assert demo.log == []
