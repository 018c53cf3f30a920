"""Where the stage that needs a kind cluster gets it: the Docker engine and node image that are there, else a lab.

A lab is a folder whose program ``up`` makes an engine and the images, and prints the variables that lead to
them. Its first time takes long, so it begins in the background, at low priority, before the stages, and is awaited
by the one that needs it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = Path(os.environ.get("CSI_KIND_LAB", ROOT.parent / "shared" / "kindlab"))
LOG = ROOT / "ci" / "artifacts" / "kindlab.log"
PATIENCE = 3600  # seconds; on a machine that has nothing yet it builds for half an hour
TAIL = 20  # lines of its log that are shown where it failed

_NAMES = {
    "KINDLAB_NODE_IMAGE": "PYTEST_CSI_KIND_IMAGE",
    "KINDLAB_CLUSTER_CONFIG": "PYTEST_CSI_KIND_CONFIG",
    "KINDLAB_BASE_IMAGE": "PYTEST_CSI_BASE_IMAGE",
}
"""What a lab prints -> what a run reads."""
_PRELOADED = "registry.k8s.io/e2e-test-images/busybox:1.37.0-2"
"""A workload image that its nodes have, and no registry is asked for."""


class NotHereError(Exception):
    """This machine cannot have a kind cluster; the text says why."""


class KindLab:
    """What a kind run is started with, found out or made meanwhile."""

    def __init__(self) -> None:
        self._found = _engine_and_image()
        self._up: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Let the lab begin, where there is one and nothing else is there."""
        if self._found is not None or not (LAB / "up").exists() or os.geteuid() != 0:
            return
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("wb") as log:
            command = ["nice", "-n", "19", str(LAB / "up")]
            self._up = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )

    def environment(self) -> Mapping[str, str]:
        """Variables for a run on kind, once there is all it takes. Raises NotHereError.

        A lab that fails is no reason to say "not run": subprocess.CalledProcessError.
        """
        if self._found is not None:
            return self._found
        if self._up is None:
            raise NotHereError(
                f"no Docker engine with a node image (kindest/node), and no lab in {LAB} for this user"
            )
        printed, _ = self._up.communicate(timeout=PATIENCE)
        if self._up.returncode:
            print("\n".join(LOG.read_text(errors="replace").splitlines()[-TAIL:]), flush=True)
            raise subprocess.CalledProcessError(self._up.returncode, str(LAB / "up"))
        return _translated(_evaluated(printed.decode()))

    def end(self) -> None:
        """Nobody waits any more: a lab that still builds is ended. What it has made stays for the next time."""
        if self._up is not None and self._up.poll() is None:
            os.killpg(self._up.pid, signal.SIGTERM)  # with its compilers
            self._up.communicate()


def _engine_and_image() -> Mapping[str, str] | None:
    """The variables for an engine of this machine that has a node image, or was given one; None without it."""
    if shutil.which("docker") is None:
        return None
    command = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    images = [line for line in asked.stdout.split() if not line.endswith(":<none>")]
    if asked.returncode or not (images or os.environ.get("PYTEST_CSI_KIND_IMAGE")):
        return None
    return {"PYTEST_CSI_KIND_IMAGE": os.environ.get("PYTEST_CSI_KIND_IMAGE") or images[0]}


def _evaluated(exports: str) -> dict[str, str]:
    """The environment that shell commands of the form ``export A=1`` lead to."""
    command = ["bash", "-c", 'eval "$1"; env -0', "bash", exports]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(entry.split("=", 1) for entry in told.split("\0") if "=" in entry)


def _translated(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environment[name] for name in ("DOCKER_HOST", "PATH")}
    return {**kept, **{ours: environment[name] for name, ours in _NAMES.items()}, "PYTEST_CSI_IMAGE": _PRELOADED}
