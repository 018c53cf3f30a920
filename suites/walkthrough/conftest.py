"""What the steps of the story share: the terminal, and the backend's address."""

from __future__ import annotations

import shlex
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
    """A terminal in which ``kubectl`` is that of the cluster's release, and ``python`` the running interpreter."""
    assets = pytestconfig.stash[SETTINGS].csi_assets
    with TemporaryDirectory(prefix="csi-walkthrough-") as scratch:
        environment = {
            "KUBECONFIG": csi_cluster.kubeconfig,
            "KUBECACHEDIR": f"{scratch}/cache",
            "PATH": f"{scratch}:{_kubectl(assets).parent}:/usr/local/bin:/usr/bin:/bin",
            "PYTEST_CSI_ASSETS": assets,
        }
        # No link: it would lose a virtual environment, which is found by the path of the call.
        python = Path(scratch, "python")
        python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        python.chmod(0o755)
        yield Shell(FILES, environment)


@pytest.fixture(scope="session")
def backend(shell: Shell) -> Iterator[Backend]:
    """The backend's REST API, where its UI is too: at the address of the cluster, port 9500."""
    server = shell.run("kubectl config view --minify -o jsonpath={.clusters[0].cluster.server}").text
    with Backend(f"http://{urlsplit(server).hostname}:9500") as backend:
        yield backend


def _kubectl(assets: str) -> Path:
    """The program, built along with the cluster's where nobody has it."""
    command = [sys.executable, "-m", FIXTURES, "build", "--assets", assets]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    programs = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    return Path(programs["kubectl"])
