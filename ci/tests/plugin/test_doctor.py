"""What the look at a cluster has found, in a run: clauses that are not judged, one that is broken."""

from __future__ import annotations

import json

import pytest

from .conftest import Demo

SUITE = """
@pytest.mark.csi_clause("SNAP-DYN-001")
def test_hindered(csi_recorder):
    raise RuntimeError("is not begun")

@pytest.mark.csi_clause("SNAP-DYN-002")
def test_hindered_too(csi_recorder):
    raise RuntimeError("is not begun")

@pytest.mark.csi_clause("PFL-003")
def test_broken(csi_recorder):
    raise RuntimeError("is not looked at again")

@pytest.mark.csi_clause("API-VS-001")
def test_judged(csi_recorder):
    csi_recorder.check("API-VS-001", expected=1, observed=1)
"""
WHY = "preflight: the cluster has no snapshot-controller (snapshot-controller-missing)"
FOUND = {
    "hindered": {"SNAP-DYN-001": WHY, "SNAP-DYN-002": WHY},
    "broken": {"PFL-003": ["no pod runs it", "install it"]},
}


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_one_lack_is_one_failure_and_the_rest_is_unknown(demo: Demo, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=SUITE)
    demo.env(LEFT="[]", FOUND=json.dumps(FOUND))
    result = demo.run(*workers, driver="x.example.com")
    result.assert_outcomes(passed=1, failed=1, skipped=2)
    out = result.stdout.str()
    assert out.count("looked at the cluster") == 1
    assert out.index("looked at the cluster") < out.index("test session starts")
    result.stdout.fnmatch_lines(
        ["FAILED PFL-003  test_broken", "*observed *no pod runs it*", "*hint *install it", f"unknown: *: {WHY}"]
    )
    assert "unknown: SNAP-DYN-001, SNAP-DYN-002: preflight" in out
    assert result.ret == 1


def test_what_is_not_judged_leaves_the_run_in_doubt(demo: Demo) -> None:
    demo.suite(test_one=SUITE)
    demo.env(LEFT="[]", FOUND=json.dumps({"hindered": FOUND["hindered"]}))
    assert demo.run("-k", "hindered or judged", driver="x.example.com").ret == 3


@pytest.mark.parametrize(("found", "status"), [(FOUND, 3), ({}, 0)], ids=["hinders", "well"])
@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
def test_the_doctor_runs_no_test(demo: Demo, found: object, status: int, workers: tuple[str, ...]) -> None:
    demo.suite(test_one=SUITE)
    demo.env(FOUND=json.dumps(found))
    result = demo.run("--csi-doctor", *workers)
    assert result.ret == status
    assert result.stdout.str().count("looked at the cluster") == 1
    assert demo.log == ["create", "delete"]
    result.assert_outcomes()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-doctor"], "--csi-doctor looks at a cluster for a driver: add --csi-driver=NAME"),
        (["--csi-doctor=ofline", "--csi-driver=reference"], "'ofline'; did you mean 'offline'?"),
        (
            ["--csi-doctor", "--csi-list", "--csi-driver=reference"],
            "--csi-doctor and --csi-list exclude each other",
        ),
    ],
)
def test_the_doctor_is_called_rightly(demo: Demo, args: list[str], told: str) -> None:
    result = demo.run(*args, driver="")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told in result.stderr.str()
    assert demo.log == []
