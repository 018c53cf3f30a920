"""Growth: how far a claim says it is, and the pod that waits until it sees a size."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot.growing import NODE_STEP_DUE, allocated, controller_done, done_or_refused, refusal
from pytest_csi_snapshot.quantities import MI
from pytest_csi_snapshot.workloads import filesystems, growth
from pytest_csi_snapshot.workloads.pods import ANSWER_FILE, READY_FILE, Workload

SIZE = 8 * MI


def claim(capacity: int, state: str = "", *conditions: tuple[str, str]) -> dict[str, Any]:
    status: dict[str, Any] = {"capacity": {"storage": str(capacity)}, "allocatedResources": {"storage": "8Mi"}}
    status["conditions"] = [{"type": kind, "status": "True", "message": text} for kind, text in conditions]
    if state:
        status["allocatedResourceStatuses"] = {"storage": state}
    return {"metadata": {}, "spec": {"resources": {"requests": {"storage": "8Mi"}}}, "status": status}


PENDING = claim(MI, "NodeResizePending", ("Resizing", ""), ("FileSystemResizePending", ""))
IN_USE = claim(MI, "ControllerResizeInProgress", ("ControllerResizeError", "rpc error: code = FailedPrecondition"))
INFEASIBLE = claim(MI, "ControllerResizeInfeasible", ("ControllerResizeError", "rpc error: code = OutOfRange"))
DONE = claim(SIZE, "", ("Unused", "FailedPrecondition"))


@pytest.mark.parametrize(
    ("body", "due", "done", "refused"),
    [
        (PENDING, True, True, False),
        (IN_USE, False, False, True),
        (INFEASIBLE, False, False, False),
        (DONE, False, True, False),
        ({"metadata": {}, "spec": {}}, False, False, False),
    ],
)
def test_how_far_a_claim_is(body: dict[str, Any], due: bool, done: bool, refused: bool) -> None:
    assert NODE_STEP_DUE.holds(body) is due
    assert controller_done(SIZE).holds(body) is done
    assert bool(refusal(body)) is refused
    assert done_or_refused(SIZE).holds(body) is (done or refused)
    assert allocated(body) == ("8Mi" if "status" in body else "")


def watching(script: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    script = script.replace(READY_FILE, f"{tmp_path}/ready").replace(ANSWER_FILE, f"{tmp_path}/answer")
    return subprocess.Popen(["sh", "-c", script])


def is_ready(tmp_path: Path) -> bool:
    return (tmp_path / "ready").exists()


def test_a_device_is_seen_once_its_last_sector_is_there(tmp_path: Path) -> None:
    device = tmp_path / "device"
    device.touch()
    script = growth.watch_script(str(device), "Block", SIZE, "data")
    os.truncate(device, SIZE - 512)
    with watching(script, tmp_path) as watcher:
        with pytest.raises(subprocess.TimeoutExpired):
            watcher.wait(timeout=1)
        assert not is_ready(tmp_path)
        os.truncate(device, SIZE)
        while not is_ready(tmp_path):
            assert watcher.poll() is None
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(timeout=60) == 0


def test_a_filesystem_is_seen_at_four_fifths_of_its_size_and_told_at_the_end(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    size = found.f_blocks * found.f_frsize
    for asked, ready in ((size * 2, False), (size, True)):
        with watching(growth.watch_script(str(tmp_path), "Filesystem", asked, "data"), tmp_path) as watcher:
            while ready and not is_ready(tmp_path):
                assert watcher.poll() is None
            if not ready:
                with pytest.raises(subprocess.TimeoutExpired):
                    watcher.wait(timeout=1)
            assert is_ready(tmp_path) is ready
            watcher.send_signal(signal.SIGTERM)
            assert watcher.wait(timeout=60) == 0
        inside = filesystems.read_size((tmp_path / "answer").read_text(), "data")
        assert inside is not None
        assert inside.size // MI == size // MI


def test_pods_that_are_to_be_apart_keep_off_each_other() -> None:
    pod = Workload("true", {"p": "Block"}, apart="word").manifest(name="w", namespace="ns", image="i")
    term = pod["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
    assert term["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    alone = Workload("true", {"p": "Block"}).manifest(name="w", namespace="ns", image="i")
    assert "affinity" not in alone["spec"]
    assert "labels" not in alone["metadata"]
