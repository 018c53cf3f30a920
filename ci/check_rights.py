"""Compares the packaged role with what a whole run asks for: nothing may lack, and nothing be granted in vain.

    python ci/check_rights.py                     # ten minutes
    python ci/check_rights.py --csi-areas=clone   # a part of the suites: only what lacks

An account that has the packaged role, and nothing else, runs everything there is in embedded clusters that keep
an audit log: the suites with all that may be allowed, a test that fails (logs are read then), a load, the doctor
and a sweep. What was asked for stays in ci/artifacts/rights.jsonl, for ci/generate_rbac.py. Exit status 1 where
something was refused, nobody asked for a right, or a run did not end as it should.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import generate_rbac as rbac
from kept_cluster import kept
from runner_account import Account, kubeconfig_with

from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import NAMESPACE, SNAPSHOT_CLASS
from pytest_csi_snapshot.labels import DOMAIN, MANAGED_BY, RUN

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "ci" / "artifacts" / "rights.jsonl"
PYTEST = Path(sys.executable).parent / "pytest"
DRIVER = "driver.longhorn.io"
RUNNER = Account("runners", "runner")

IN_VAIN = """
from pytest_csi_snapshot.conditions import Condition

def test_what_nobody_brings(csi):
    csi.wait(csi.volume(), Condition("what nobody brings", lambda body: False), within=0.1)
"""
"""A test that fails: what the logs say of it is read then."""


@dataclass(frozen=True)
class Run:
    """One run, as it is called, with its arguments and the exit code that it ends with."""

    name: str
    args: Sequence[str]
    code: int = 0


@dataclass(frozen=True)
class Scene:
    """An embedded cluster, by the options that it is started with, and what is run in it."""

    options: Sequence[str]
    runs: Sequence[Run]


SUITES = (f"--csi-driver={DRIVER}", "--csi-allow=cluster-state,disruptive", "-n", "4")

WHOLE = (
    Scene(
        (),
        (
            Run("the suites", SUITES),
            Run("a test that fails", (f"--csi-driver={DRIVER}", "test_in_vain.py"), code=1),
            Run("a load", (f"--csi-driver={DRIVER}", "--csi-stress=10", "--csi-stress-minutes=0.1")),
            Run("the doctor", (f"--csi-driver={DRIVER}", "--csi-doctor")),
            Run("a sweep", ("--csi-sweep=delete",)),
        ),
    ),
    # In the other one these tests run on a companion of the driver, by whom that may do everything.
    Scene(
        ("--feature-gate=CrossNamespaceVolumeDataSource=true",),
        (Run("other namespaces", (*SUITES, "--csi-clauses=API-PVC-005,RES-023,RES-024,RES-025,CLN-009")),),
    ),
)
"""What asks for every right once, if only it is asked for somewhere."""


def part(args: Sequence[str]) -> Sequence[Scene]:
    """A run of the suites that is narrowed by further arguments."""
    return [Scene((), [Run("a part of the suites", (*SUITES, *args))])]


def played(scene: Scene) -> tuple[list[str], list[str]]:
    """Run everything of a scene: the lines of the log that are about it, and what did not go well."""
    with tempfile.TemporaryDirectory() as folder, kept("rights", "--audit", *scene.options) as kubeconfig:
        client = KubeClient.from_kubeconfig(str(kubeconfig), user_agent="rights")
        RUNNER.move_in(client)
        leave_something(client)
        ours, cwd = Path(folder, "kubeconfig"), Path(folder)
        Path(folder, "test_in_vain.py").write_text(IN_VAIN)
        troubles = []
        for run in scene.runs:
            ours.write_text(kubeconfig_with(RUNNER.token(client), kubeconfig))
            print(f"\n==> {run.name}", flush=True)
            command = [str(PYTEST), "-p", "no:cacheprovider", f"--csi-kubeconfig={ours}", *run.args]
            code = subprocess.run(command, cwd=cwd, check=False).returncode
            if code != run.code:
                troubles.append(f"{run.name} ended with exit code {code}, not {run.code}")
        return list(asked_by(RUNNER, sorted(kubeconfig.parent.glob("audit*.jsonl")))), troubles


def leave_something(client: KubeClient) -> None:
    """What a run of long ago has left: there is something to be swept."""
    labels = {MANAGED_BY: DOMAIN, RUN: "5eed5eed"}
    kept = {"driver": DRIVER, "deletionPolicy": "Retain"}
    for kind, fields in ((NAMESPACE, {}), (SNAPSHOT_CLASS, kept)):
        meta = {"name": "csi-5eed5eed-main-1", "labels": labels}
        client.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, **fields})


def asked_by(account: Account, logs: Iterable[Path]) -> Iterator[str]:
    """The lines about requests of an account; logs that have grown large are several files."""
    for log in logs:
        with log.open() as lines:
            yield from (line for line in lines if f'"{account.user}"' in line)


def main(argv: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and take down the cluster
    scenes = part(argv) if argv else WHOLE
    lines, troubles = [], []
    for scene in scenes:
        heard, wrong = played(scene)
        lines += heard
        troubles += wrong
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("".join(lines))
    have, asked = rbac.granted(rbac.MANIFEST.read_text()), rbac.asked(lines)
    idle = rbac.idle(have, asked)
    troubles += rbac.lacking(have, asked) + ([] if argv else idle)
    print(f"\n{len(asked)} rights were asked for, {len(have & asked)} of them and {len(idle)} others are granted")
    print("\n".join(troubles))
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
