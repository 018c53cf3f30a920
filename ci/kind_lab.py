"""Where the stage that needs a kind cluster gets it: the Docker engine and node image that are there, else a lab.

A lab is a folder whose program ``up`` makes an engine and the images, and prints the variables that lead to
them. Its programs take long to build, so its ``binaries`` begins in the background, at low priority, before the
stages. The engine itself starts when the stage that needs it does: other stages look at the whole machine, and
would take its interfaces and mounts for something that a run left behind.
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
        self._building: subprocess.Popen[bytes] | None = None
        self._started = False

    def begin(self) -> None:
        """Let the lab begin, where there is one and nothing else is there."""
        if self._found is not None or not (LAB / "up").exists() or os.geteuid() != 0:
            return
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("wb") as log:
            command = ["nice", "-n", "19", str(LAB / "binaries")]
            self._building = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def environment(self) -> Mapping[str, str]:
        """Variables for a run on kind, once there is all it takes.

        Raises NotHereError; of a lab that failed the end of its log is printed.
        """
        if self._found is not None:
            return self._found
        if self._building is None:
            raise NotHereError(
                f"no Docker engine with a node image (kindest/node), and no lab in {LAB} for this user"
            )
        try:
            code = self._building.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise NotHereError(f"the lab in {LAB} is not built after {PATIENCE} s") from None
        if code:
            raise self._failed("binaries", code)
        self._started = (
            subprocess.run([LAB / "engine", "status"], capture_output=True, check=False).returncode != 0
        )
        with LOG.open("ab") as log:
            up = subprocess.run([LAB / "up"], stdout=subprocess.PIPE, stderr=log, check=False)
        if up.returncode:
            raise self._failed("up", up.returncode)
        return _translated(_evaluated(up.stdout.decode()))

    def end(self) -> None:
        """Nobody needs it any more. A build is ended, an engine that began for us too; what was made stays."""
        if self._building is not None and self._building.poll() is None:
            os.killpg(self._building.pid, signal.SIGTERM)  # with its compilers
            self._building.wait()
        if self._started:
            subprocess.run([LAB / "engine", "stop"], check=False)

    @staticmethod
    def _failed(program: str, code: int) -> NotHereError:
        print("\n".join(LOG.read_text(errors="replace").splitlines()[-TAIL:]), flush=True)
        return NotHereError(f"the lab's {program} ended with {code}, see its log above")


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
