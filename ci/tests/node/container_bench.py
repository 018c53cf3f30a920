"""Runs containers for the launcher's tests, in a mount and PID namespace of its own: reads wishes, writes results.

Standard input is a JSON list of wishes: {"argv", "pod", "container" (securityContexts), "root" (overrides),
"kill_after" (a signal sent once the command runs), "exec" (a command run inside meanwhile), "exec_timeout" (its
seconds)}. Standard output is a list of results.
"""

from __future__ import annotations

import json
import queue
import sys
import tempfile
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.fixtures import linux
from pytest_csi_snapshot.fixtures.node import namespace
from pytest_csi_snapshot.fixtures.node.config import Image, program_folders
from pytest_csi_snapshot.fixtures.node.container_spec import MASKS
from pytest_csi_snapshot.fixtures.node.launch.spec import ContainerSpec
from pytest_csi_snapshot.fixtures.node.logfile import Line, LogFile
from pytest_csi_snapshot.fixtures.node.processes import Processes, StartRefusedError, adopt_orphans
from pytest_csi_snapshot.fixtures.node.records import Exit
from pytest_csi_snapshot.fixtures.node.security import identity_of

_PATIENCE = 60


def specification(wish: dict[str, Any], workspace: Path) -> ContainerSpec:
    """The launcher's specification of a wish."""
    security = wish.get("container", {})
    image = Image("bench", (str(Path(sys.executable).parent),))
    binds = [folder for folder in program_folders() if any(namespace.is_below(folder, mask) for mask in MASKS)]
    root: Any = {
        "workspace": str(workspace),
        "masks": list(MASKS),
        "binds": binds,
        "mounts": [],
        "devices": [],
        "privileged": bool(security.get("privileged")),
        "read_only": bool(security.get("readOnlyRootFilesystem")),
        **wish.get("root", {}),
    }
    identity = identity_of({"securityContext": wish.get("pod", {})}, {"securityContext": security})
    return {
        "hostname": "bench",
        "root": root,
        "command": {"argv": wish["argv"], "env": image.environment(), "cwd": "/", "identity": identity},
    }


def run(processes: Processes, wish: dict[str, Any], top: Path) -> dict[str, Any]:
    """Run one wish to its end."""
    ends: queue.SimpleQueue[Exit] = queue.SimpleQueue()
    workspace = Path(tempfile.mkdtemp(dir=top / "containers"))
    log = LogFile(top / f"{workspace.name}.log")
    spec = specification(wish, workspace)
    try:
        process = processes.start(spec, log, ends.put)
    except StartRefusedError as error:
        return {"refused": str(error)}
    result: dict[str, Any] = {}
    if "exec" in wish:
        command = {**spec["command"], "argv": wish["exec"]}
        asked: Any = {"pid": process.pid, "timeout": wish.get("exec_timeout", _PATIENCE), "command": command}
        try:
            result["exec"] = processes.execute(asked)
        except TimeoutError as error:
            result["exec"] = str(error)
    if "kill_after" in wish:
        process.kill(wish["kill_after"])
    end = ends.get(timeout=_PATIENCE)
    lines = [Line.parse(line) for line in log.path.read_bytes().splitlines(keepends=True)]
    said = b"".join(line.text for line in lines).decode()
    return {**result, "code": end.code, "signal": end.signal, "said": said}


def main() -> None:
    wishes = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        (top / "kubelet").mkdir()
        namespace.isolate(str(top / "kubelet"), top / "containers")
        adopt_orphans()
        processes = Processes()
        results = [run(processes, wish, top) for wish in wishes]
        linux.unmount(str(top / "containers"))
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
