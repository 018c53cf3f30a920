"""What the steps of the story share: the terminal, and the backend's address."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.settings import SETTINGS

from .backend import Backend
from .shell import Shell

FILES = Path(__file__).parent / "files"
FIXTURES = "pytest_csi_snapshot.fixtures"


@pytest.fixture(scope="session")
def shell(csi_cluster: Cluster, pytestconfig: pytest.Config) -> Iterator[Shell]:
    """A terminal with kubectl; ``$CRDS`` is the folder of the pinned snapshot CRDs, ``$FIXTURES`` our command."""
    assets = pytestconfig.stash[SETTINGS].csi_assets
    given = ("--assets", assets) if assets else ()
    programs = dict(line.split(": ", 1) for line in _ours("build", *given).splitlines())
    with TemporaryDirectory(prefix="csi-walkthrough-") as scratch:
        environment = {
            "KUBECONFIG": csi_cluster.kubeconfig,
            "KUBECACHEDIR": scratch,
            "PATH": f"{Path(programs['kubectl']).parent}:/usr/local/bin:/usr/bin:/bin",
            "CRDS": _ours("crds", *given).strip(),
            "FIXTURES": f"{sys.executable} -m {FIXTURES}",
        }
        yield Shell(FILES, environment)


@pytest.fixture(scope="session")
def backend(shell: Shell) -> Iterator[Backend]:
    """The backend's REST API, where its UI is too: at the address of the cluster, port 9500."""
    server = shell.run("kubectl config view --minify -o jsonpath={.clusters[0].cluster.server}").text
    with Backend(f"http://{urlsplit(server).hostname}:9500") as backend:
        yield backend


def _ours(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", FIXTURES, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
