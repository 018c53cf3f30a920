"""Real containers: what they see, what they cannot change, how their ends are told. As root only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make containers")

BENCH = Path(__file__).parent / "container_bench.py"
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


def containers(*wishes: dict[str, Any]) -> list[dict[str, Any]]:
    """Run wishes (see ``container_bench``), one after the other."""
    done = subprocess.run(
        [*NAMESPACES, sys.executable, str(BENCH)],
        input=json.dumps(wishes),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


def shell(text: str, **more: Any) -> dict[str, Any]:
    return {"argv": ["sh", "-c", text], **more}


def test_ends_are_told_exactly() -> None:
    results = containers(
        shell("exit 0"),
        shell("exit 3"),
        shell("exec sleep 1000", kill_after=int(signal.SIGKILL)),
        shell(
            "trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done",
            exec=["true"],
            kill_after=int(signal.SIGTERM),
        ),
        {"argv": ["no-such-program"]},
        {"argv": ["/etc/passwd"]},
    )
    assert [(r.get("code"), r.get("signal")) for r in results[:4]] == [(0, 0), (3, 0), (137, 9), (9, 0)]
    assert results[4]["refused"] == 'exec: "no-such-program": not found in $PATH'
    assert results[5]["refused"] == 'exec: "/etc/passwd": permission denied'


def test_everything_ends_with_the_first_process() -> None:
    """A child that outlives the first process would keep the log open, and the end would not be told."""
    (result,) = containers(shell("sleep 1000 & sleep 1000 & echo $$; exit 4"))
    assert (result["code"], result["said"]) == (4, "1\n")


def test_the_machine_is_not_changed() -> None:
    mark = f"/etc/{uuid4().hex}"
    text = (
        f"touch {mark} && rm /etc/passwd && ls {mark}; hostname; ls -A /root /home; "
        "echo 1 > /proc/sys/vm/swappiness; mount -t tmpfs none /mnt; ls /dev/mem /dev/loop-control"
    )
    (result,) = containers(shell(text))
    assert not Path(mark).exists()
    assert Path("/etc/passwd").exists()
    said = result["said"]
    assert mark in said
    assert "bench" in said
    assert "Read-only file system" in said
    assert "permission denied" in said.lower()
    assert said.count("No such file") == 2


def test_identity() -> None:
    status = "id; grep -E '^(CapBnd|CapEff|NoNewPrivs)' /proc/self/status"
    user = {"runAsUser": 1234, "runAsGroup": 5678, "fsGroup": 91011}
    restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    plain, bound = containers(shell(status), shell(status, pod=user, container=restricted))
    assert "uid=0(root)" in plain["said"]
    assert "CapEff:\t00000000a80425fb" in plain["said"]
    assert "NoNewPrivs:\t0" in plain["said"]
    assert "uid=1234 gid=5678 groups=5678,91011" in bound["said"]
    assert "CapBnd:\t0000000000000000" in bound["said"]
    assert "NoNewPrivs:\t1" in bound["said"]


def test_the_interpreter_and_the_package_are_there_for_any_user() -> None:
    program = "import sys, pytest_csi_snapshot.reference_impl, grpc; print(sys.prefix)"
    (result,) = containers({"argv": ["python", "-c", program], "pod": {"runAsUser": 1234}})
    assert (result["code"], result["said"].strip()) == (0, sys.prefix)


def test_a_read_only_root_and_mounts(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("content\n")
    mounts = [
        {"source": str(tmp_path), "target": "/data", "read_only": False, "propagation": "None"},
        {"source": str(tmp_path / "f"), "target": "/run/x/f", "read_only": True, "propagation": "None"},
    ]
    devices = [{"source": "/dev/zero", "target": "/dev/disk/block"}]
    text = "cat /run/x/f; echo new > /data/g; echo x > /run/x/f; touch /x; head -c 2 /dev/disk/block | od -An -c"
    (result,) = containers(
        shell(text, container={"readOnlyRootFilesystem": True}, root={"mounts": mounts, "devices": devices})
    )
    assert (tmp_path / "g").read_text() == "new\n"
    assert (tmp_path / "f").read_text() == "content\n"
    said = result["said"]
    assert said.startswith("content\n")
    assert said.count("Read-only file system") == 2
    assert said.split()[-2:] == ["\\0", "\\0"]


@pytest.mark.parametrize(
    ("propagation", "seen"), [("Bidirectional", True), ("HostToContainer", False), ("None", False)]
)
def test_mounts_spread_as_asked(tmp_path: Path, propagation: str, seen: bool) -> None:
    """One container mounts below a shared volume; a second one, started after, sees it or not."""
    (tmp_path / "m").mkdir()

    def volume(kind: str) -> dict[str, Any]:
        mount = {"source": str(tmp_path), "target": "/v", "read_only": False, "propagation": kind}
        return {"mounts": [mount]}

    privileged = {"privileged": True}
    first = shell("mount -t tmpfs none /v/m && touch /v/m/mark", container=privileged, root=volume(propagation))
    second = shell("ls /v/m; umount /v/m", container=privileged, root=volume("Bidirectional"))
    shared = f"mount --bind {tmp_path} {tmp_path} && exec {sys.executable} {BENCH}"
    done = subprocess.run(
        [*NAMESPACES, "sh", "-c", shared],
        input=json.dumps([first, second]),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    results = json.loads(done.stdout)
    assert results[0]["code"] == 0
    assert ("mark" in results[1]["said"]) is seen


def test_a_command_joins_a_container() -> None:
    wish = shell(
        "echo here > /tmp/mark; while :; do sleep 0.01; done",
        pod={"runAsUser": 1234},
        exec=["sh", "-c", "until cat /tmp/mark; do sleep 0.01; done 2>/dev/null; id -u; hostname; exit 5"],
        kill_after=int(signal.SIGKILL),
    )
    (result,) = containers(wish)
    assert result["exec"] == [5, "here\n1234\nbench\n"]


def test_a_command_that_takes_too_long_holds_up_no_end() -> None:
    """A process in the container's PID namespace that nobody waits for would: the kernel waits for all of them."""
    wish = shell("sleep 1000", exec=["sleep", "1000"], exec_timeout=0.2, kill_after=int(signal.SIGKILL))
    (result,) = containers(wish)
    assert result["exec"] == "command timed out after 0.2 s"
    assert (result["code"], result["signal"]) == (137, 9)


def test_what_a_command_leaves_in_the_background_is_not_waited_for() -> None:
    wish = shell("sleep 1000", exec=["sh", "-c", "sleep 1000 & echo done"], kill_after=int(signal.SIGKILL))
    (result,) = containers(wish)
    assert result["exec"] == [0, "done\n"]
