"""Whole runs at a socket, as a user starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_csi_snapshot.requirements import catalogue
from pytest_csi_snapshot.scope import out_of_reach, scope_of
from pytest_csi_snapshot.settings import read_settings

from . import fake_driver

PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio")
LIMIT = 300
"""Seconds; alone it takes about three."""


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [*PYTEST, *args], cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-endpoint=unix:///none/csi.sock"], "--csi-endpoint: no socket /none/csi.sock"),
        (["--csi-endpoint=10.0.0.1:1"], "--csi-endpoint: 10.0.0.1 is not a loopback address"),
        (["--csi-driver=reference", "--csi-endpoint=localhost:1"], "--csi-endpoint is for other drivers"),
        (["--csi-driver=x.example.com", "--csi-staging-dir=/x"], "--csi-staging-dir belongs to --csi-endpoint"),
        (["--csi-driver=reference", "--csi-node-endpoint=localhost:1"], "--csi-node-endpoint belongs to"),
        (["--csi-endpoint=localhost:1", "--csi-snapshot-limit=no"], "'no' is not a number from 1 to 10000"),
        (["--csi-endpoint=localhost:1", "--csi-secrets=secrets.yaml"], "did you mean 'CreateVolumeSecret'?"),
    ],
)
def test_a_wrong_setting_is_told(pytester: pytest.Pytester, args: list[str], told: str) -> None:
    (pytester.path / "secrets.yaml").write_text("CreateVolumSecret: {a: b}\n")
    with pytest.raises(pytest.UsageError) as wrong:
        read_settings(pytester.parseconfig(*args))
    assert told in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--csi-endpoint=localhost:1", "--csi-clauses=DEL-001"], "DEL-001 is judged in a cluster"),
        (["--csi-driver=x.example.com", "--csi-areas=rpc"], "is judged at the driver's CSI socket: add"),
        (["--csi-driver=x.example.com", "--csi-clauses=DEL-001"], ""),
        (["--csi-driver=reference", "--csi-areas=rpc"], ""),
        (["--csi-endpoint=localhost:1", "--csi-clauses=RPC-CAP"], ""),
        (["--csi-endpoint=localhost:1", "--csi-driver=x.example.com", "--csi-areas=rpc"], ""),
    ],
)
def test_clauses_out_of_reach_are_told(pytester: pytest.Pytester, args: list[str], told: str) -> None:
    complaint = out_of_reach(read_settings(pytester.parseconfig(*args)))
    assert told in complaint
    assert bool(told) == bool(complaint)


def test_a_cluster_without_the_socket_is_not_asked_about_calls(pytester: pytest.Pytester) -> None:
    """And so they do not stop its driver from being conformant."""
    scope = scope_of(read_settings(pytester.parseconfig("--csi-driver=x.example.com")))
    assert {clause.area for clause in scope.clauses} == {clause.area for clause in catalogue().clauses} - {"rpc"}


def test_nobody_there_is_one_line_before_the_first_test(tmp_path: Path) -> None:
    done = run(tmp_path, "--csi-endpoint=127.0.0.1:1")
    assert done.returncode == 3
    assert "nothing answers at tcp://127.0.0.1:1; Connection refused" in done.stdout + done.stderr
    assert "collected" not in done.stdout


def test_a_wrong_driver_fails_with_its_name_and_the_calls(folder: Path) -> None:
    """Only the tests of calls: what the fake one mounts is no filesystem."""
    with fake_driver.serving(folder, "takes-no-name") as (endpoint, _):
        done = run(folder, f"--csi-endpoint={endpoint}", "--csi-clauses=RPC-CRS-001,RPC-LIS-002")
    assert done.returncode == 1, done.stdout
    assert "csi-snapshot: driver fake.example.com at unix://" in done.stdout
    assert "FAILED RPC-CRS-001  test_a_snapshot_needs_a_name_and_a_source" in done.stdout
    assert "blamed on      driver fake.example.com 1.2.3" in done.stdout
    assert "expected       INVALID_ARGUMENT" in done.stdout
    assert f"run again with pytest --csi-endpoint={endpoint}" in done.stdout
    assert "Result: not conformant: 1 of 21 MUST clauses passed, 1 MUST failed" in done.stdout
