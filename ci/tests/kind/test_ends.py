"""However a run on kind ends, its containers are gone: at once, or with the next run where it was killed.

The node image and the rest come from the environment (PYTEST_CSI_KIND_IMAGE ...), as ``ci/stages.py`` sets it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from embedded import runs

pytestmark = pytest.mark.skipif(
    "PYTEST_CSI_KIND_IMAGE" not in os.environ, reason="no node image is named by PYTEST_CSI_KIND_IMAGE"
)

ON_KIND = ("--csi-cluster=kind", "--csi-clauses=SNAP-DYN-001")
LIMIT = 600  # seconds; a run that hangs is a failure, not a wait for ever


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs of this test keep their records; the caches of programs and CRDs stay the user's."""
    usual = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pytest-csi-snapshot"
    own = tmp_path / "cache" / "pytest-csi-snapshot"
    own.mkdir(parents=True)
    for name in ("programs", "crds"):
        if (usual / name).exists():
            (own / name).symlink_to(usual / name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return own / "kind"


def running(cwd: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    """A run of one clause on kind."""
    return runs.running(cwd, *ON_KIND)


def name_of(run: subprocess.Popen[str]) -> str:
    """The cluster's, as the run tells it when it begins to make it."""
    begun = runs.read_until(run, "making the kind cluster")[-1]
    found = re.search(r"making the kind cluster (csi-\w+)", begun)
    assert found, begun
    return found[1]


def containers(cluster: str) -> list[str]:
    command = ["docker", "ps", "-a", "-q", "--filter", f"label=io.x-k8s.kind.cluster={cluster}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def kept_records(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("csi-*"))


def test_a_signal_while_the_cluster_is_made(tmp_path: Path, records: Path) -> None:
    with running(tmp_path) as run:
        name = name_of(run)
        run.send_signal(signal.SIGTERM)
        rest, _ = run.communicate(timeout=LIMIT)
    assert run.returncode == 2, rest
    assert containers(name) == []
    assert kept_records(records) == []


def test_kill_9_and_the_next_run(tmp_path: Path, records: Path) -> None:
    with running(tmp_path) as run:
        name = name_of(run)
        runs.read_until(run, "cluster made")
        os.kill(run.pid, signal.SIGKILL)
        run.communicate(timeout=LIMIT)
    assert containers(name) != []
    assert kept_records(records) == [name]
    with runs.running(tmp_path, *ON_KIND, "--csi-kind-image=kindest/node:none") as run:
        rest, _ = run.communicate(timeout=LIMIT)
    assert run.returncode == 3, rest
    assert f"deleting the kind cluster {name}, whose run was killed" in rest
    assert containers(name) == []
    assert kept_records(records) == []
