"""How long backups take: the first of a volume, and another after a small change; medians of runs, with spread.

A backend process with a data directory of its own; a volume of 1 GiB with 256 MiB of random data. Its first backup
is held against what any program would do that reads, hashes and stores the same bytes: ``sha512sum FILE`` and then
``cp FILE``, in the same run. Then 2 MiB change and are backed up: that is held against the first backup. A backup
begins when ``snapshotBackup`` is asked for, and ends when the volume shows it as Completed.

    python ci/bench/backup_speed.py [--runs 5] [--folder DIR] [--json FILE]

Needs root. Exit status 1 if the first takes more than three times its measure, or the second more than a tenth of
the first.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

MIB = 1 << 20
SIZE, DATA, CHANGE = 1024 * MIB, 256 * MIB, 2 * MIB
FIRST_AT_MOST = 3.0
NEXT_AT_MOST = 0.1
PATIENCE = 120.0
"""Seconds for anything."""
ROLES = [sys.executable, "-m", "pytest_csi_snapshot.reference_impl"]


@dataclass(frozen=True)
class Run:
    """Seconds."""

    measure: float
    first: float
    next: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where everything is written; a new folder of TMPDIR")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("backup_speed needs root: the backend makes loop devices and mounts", file=sys.stderr)
        return 2
    runs = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for number in range(options.runs):
            runs.append(measured(Path(folder) / str(number), number))
            print(f"run {number + 1}: {shown(runs[-1])}", flush=True)
    found = figures(runs)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found["medians"]))
    for name, kept in found["budgets"].items():
        print(f"{name}: {kept['ratio']:.2f} of {kept['at_most']}: {'kept' if kept['kept'] else 'broken'}")
    return 0 if all(kept["kept"] for kept in found["budgets"].values()) else 1


def shown(run: Run) -> str:
    speed = DATA / MIB / run.first
    return (
        f"sha512sum and cp {run.measure:.2f} s, first backup {run.first:.2f} s ({speed:.0f} MiB/s), "
        f"next {run.next * 1000:.0f} ms"
    )


def figures(runs: list[Run]) -> dict[str, Any]:
    """Medians and spread in seconds; the ratios are medians of those of each run, whose parts ran side by side."""
    columns = {name: [getattr(run, name) for run in runs] for name in ("measure", "first", "next")}
    ratios = {
        "first backup, to sha512sum and cp": ([run.first / run.measure for run in runs], FIRST_AT_MOST),
        "next backup, to the first": ([run.next / run.first for run in runs], NEXT_AT_MOST),
    }
    return {
        "runs": [asdict(run) for run in runs],
        "medians": {name: round(statistics.median(values), 4) for name, values in columns.items()},
        "spread": {name: [round(min(values), 4), round(max(values), 4)] for name, values in columns.items()},
        "budgets": {
            name: {
                "ratio": statistics.median(values),
                "spread": [min(values), max(values)],
                "at_most": most,
                "kept": statistics.median(values) <= most,
            }
            for name, (values, most) in ratios.items()
        },
    }


def measured(folder: Path, seed: int) -> Run:
    """One run, on a backend that has seen nothing before."""
    folder.mkdir()
    content = noise(DATA, seed)
    file = folder / "content"
    file.write_bytes(content)
    os.sync()
    with backend(folder / "data") as client:
        client.put("/v1/nodes/bench", json={})
        client.post("/v1/volumes", json={"name": "volume", "size": str(SIZE), "volumeMode": "Block"})
        device = act(client, "attach", hostId="bench")["controllers"][0]["endpoint"]
        write(device, content)
        act(client, "snapshotCreate", name="first")
        began = time.monotonic()
        subprocess.run(["sha512sum", file], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cp", file, folder / "copy"], check=True)
        measure = time.monotonic() - began
        first = backed_up(client, "first")
        write(device, noise(CHANGE, -1 - seed))
        act(client, "snapshotCreate", name="next")
        return Run(measure, first, backed_up(client, "next"))


def backed_up(client: httpx.Client, snapshot: str) -> float:
    """Seconds from asking for a backup to reading that it is complete."""
    began = time.monotonic()
    act(client, "snapshotBackup", name=snapshot)
    while True:
        found = client.get("/v1/volumes/volume").json()["backupStatus"]
        (status,) = (item for item in found if item["snapshot"] == snapshot)
        waited = time.monotonic() - began
        if status["state"] == "Completed":
            return waited
        if status["error"] or waited > PATIENCE:
            raise SystemExit(f"backup of {snapshot}: {status}")
        time.sleep(max(0.002, waited / 50))  # the API has no other way to wait, and asking costs what is measured


def act(client: httpx.Client, action: str, **body: Any) -> Any:
    return client.post(f"/v1/volumes/volume?action={action}", json=body).json()


def noise(length: int, seed: int) -> bytes:
    source = random.Random(seed)
    return b"".join(source.randbytes(MIB) for _ in range(length // MIB))


def write(device: str, content: bytes) -> None:
    with Path(device).open("r+b") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def backend(data: Path) -> Iterator[httpx.Client]:
    """A backend process, and what it left in the kernel given back at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen([*ROLES, "backend", "--data", data, "--listen", address])
    try:
        with httpx.Client(
            base_url=f"http://{address}", timeout=PATIENCE, trust_env=False, event_hooks={"response": [_refusals]}
        ) as client:
            await_answer(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)
        subprocess.run([*ROLES, "release", "--data", data], check=True)


def _refusals(answer: httpx.Response) -> None:
    if answer.is_error:
        answer.read()
        raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.text}")


def await_answer(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            client.get("/v1")
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("the backend does not answer") from None
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
