"""What a pod of the Job does: run its shard, put the report where ``collect`` finds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_csi_snapshot.errors import EnvironmentTrouble, UsageTrouble
from pytest_csi_snapshot.gating.precedence import FAILED, NOTHING, OK, TROUBLE
from pytest_csi_snapshot.job import parcels
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import CONFIG_MAP
from pytest_csi_snapshot.kube.refusals import ApiError

_INDEX, _POD, _NAMESPACE = "JOB_COMPLETION_INDEX", "POD_NAME", "POD_NAMESPACE"


def run(job: str, shards: int, arguments: Sequence[str]) -> int:
    """The exit code of the pod: 0 where the shard was judged, whatever is said of it; else what pytest ended with.

    The report of a run that was killed, or that never began, is nobody's verdict: the Job runs the shard again.

    Raises EnvironmentTrouble, ApiError, ApiUnreachableError.
    """
    shard = int(_given(_INDEX)) + 1
    with tempfile.TemporaryDirectory(prefix="csi-shard-") as scratch:
        folder = Path(scratch) / "report"
        code = _judge([*arguments, f"--csi-shard={shard}/{shards}", f"--csi-report={folder}"])
        if not _judged(code, folder):
            return code or EnvironmentTrouble.exit_code
        store(job, shard, parcels.pack(folder))
    return 0


def _judged(code: int, folder: Path) -> bool:
    """Whether a run that ended with this code has done its shard, be it one without a test."""
    from pytest_csi_snapshot.report.document import read_report

    try:
        tests = read_report(folder).tests
    except UsageTrouble:  # there is none, or none that can be read; pytest has said why
        return False
    return code in (OK, NOTHING) or (code in (FAILED, TROUBLE) and bool(tests))


def store(job: str, shard: int, packed: bytes) -> None:
    """Put a shard's report into the cluster, in the place of an earlier one. Raises ApiError."""
    client = KubeClient.from_kubeconfig(user_agent="pytest-csi-snapshot-job")
    for body in parcels.bodies(job, _given(_NAMESPACE), shard, _given(_POD), packed):
        try:
            client.create(CONFIG_MAP, body)
        except ApiError as error:
            if not error.conflict:
                raise
            client.replace(CONFIG_MAP, body)


def _judge(arguments: Sequence[str]) -> int:
    """Run pytest; what ends this pod ends it as Ctrl-C does, so that it cleans up."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    with subprocess.Popen(command) as process:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: process.send_signal(signal.SIGTERM))
        return process.wait()


def _given(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise EnvironmentTrouble(
        f"{name} is not set",
        why="this command is for the pods of a Job",
        do="use `job manifest | kubectl apply -f -`",
    )
