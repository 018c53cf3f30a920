"""Runs cases of e2e.test on a cluster with our driver, and reads what came of each."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from bench.troubles import BenchError

from . import programs
from .cases import E2eCase

Outcome = Literal["passed", "failed", "skipped", "not run"]

LIMIT = 1500.0
"""Seconds for one run; a case that hangs in e2e.test does so for five minutes."""

SIZE = "512Mi"
"""Of the volumes; no less than the least that a driver makes of any request: e2e.test restores a snapshot with the
size that it asked for, not with that of the volume."""

PATIENCE = 60.0
"""Seconds in which a run that was ended cleans up."""

_LONGEST = 300
"""Characters of what a failed case said."""


@dataclass(frozen=True)
class Driver:
    """What the cluster has: the driver's name and its classes."""

    name: str
    storage_class: str
    snapshot_class: str
    timeouts: Mapping[str, str] = field(default_factory=dict)
    """How long e2e.test waits for what, where that is not what it does by itself."""

    def description(self) -> str:
        """The file for ``-storage.testdriver``, a mapping that e2e.test has the form of."""
        offered = ("persistence", "block", "exec", "snapshotDataSource", "pvcDataSource", "controllerExpansion",
                   "nodeExpansion", "offlineExpansion", "onlineExpansion")  # fmt: skip
        body = {
            "StorageClass": {"FromExistingClassName": self.storage_class},
            "SnapshotClass": {"FromExistingClassName": self.snapshot_class},
            "DriverInfo": {
                "Name": self.name,
                "SupportedSizeRange": {"Min": SIZE},
                "Capabilities": dict.fromkeys(offered, True),
            },
            "Timeouts": dict(self.timeouts),
        }
        return yaml.safe_dump(body, sort_keys=False)


@dataclass(frozen=True)
class CaseResult:
    """What came of one case; ``said`` is why it failed."""

    name: str
    outcome: Outcome
    seconds: float = 0.0
    said: str = ""


@dataclass(frozen=True)
class E2eRun:
    """A run of cases; ``seconds`` from its command to its end."""

    seconds: float
    results: tuple[CaseResult, ...]

    @property
    def failed(self) -> list[CaseResult]:
        return [each for each in self.results if each.outcome == "failed"]


def run(
    cases: Sequence[E2eCase],
    driver: Driver,
    kubeconfig: str,
    folder: Path,
    *,
    processes: int = 1,
    limit: float = LIMIT,
) -> E2eRun:
    """Run these cases. Raises BenchError where none of them could be, CalledProcessError if it cannot be built."""
    folder.mkdir(parents=True, exist_ok=True)
    description, report = folder / "testdriver.yaml", folder / "report.xml"
    description.write_text(driver.description())
    report.unlink(missing_ok=True)
    focus = "|".join(case.pattern() for case in cases)
    command = [str(programs.ginkgo()), f"-procs={processes}", "--no-color", f"--timeout={limit:.0f}s",
               f"--focus={focus}", f"--output-dir={folder}", f"--junit-report={report.name}",
               str(programs.e2e_test()), "--", f"-storage.testdriver={description}", f"-kubeconfig={kubeconfig}",
               "-provider=skeleton", "-dump-logs-on-failure=false"]  # fmt: skip
    log = folder / "log"
    with log.open("wb") as out:
        began = time.monotonic()
        try:
            done = _run(command, folder, out.fileno(), limit + PATIENCE)
        except subprocess.TimeoutExpired as hung:
            raise BenchError(f"e2e.test did not end within {limit + PATIENCE:.0f} s, see {log}") from hung
        seconds = time.monotonic() - began
    if not report.exists():
        raise BenchError(f"e2e.test ended with {done} and told nothing, see {log}")
    results = tuple(result_of(case, report.read_text("utf-8")) for case in cases)
    if all(each.outcome in ("not run", "skipped") for each in results):
        raise BenchError(f"e2e.test ran none of {len(cases)} cases, see {log}")
    return E2eRun(seconds, results)


def result_of(case: E2eCase, report: str) -> CaseResult:
    """What a JUnit report says of a case."""
    wanted = re.compile(case.pattern())
    for found in ElementTree.fromstring(report).iter("testcase"):
        if not wanted.search(found.get("name", "").removeprefix("[It] ")):
            continue
        status = found.get("status", "")
        seconds = float(found.get("time", "0"))
        if (trouble := _trouble(found)) is not None:
            return CaseResult(case.name, "failed", seconds, " ".join(trouble.split())[:_LONGEST])
        if status == "skipped" or found.find("skipped") is not None:
            skipped = found.find("skipped")
            said = "" if skipped is None else skipped.get("message", "")
            # Cases that the focus leaves out are told as skipped, without any reason.
            return CaseResult(case.name, "skipped" if said not in ("", "skipped") else "not run", seconds, said)
        return CaseResult(case.name, "passed", seconds)
    return CaseResult(case.name, "not run")


def _trouble(found: ElementTree.Element) -> str | None:
    for name in ("failure", "error"):
        if (told := found.find(name)) is not None:
            return told.get("message") or told.text or name
    return None


def _run(command: Sequence[str], folder: Path, log: int, limit: float) -> int:
    """Run ginkgo with its processes, and leave none of them behind, however this ends."""
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                          start_new_session=True) as run:  # fmt: skip
        try:
            return run.wait(limit)
        finally:
            if run.poll() is None:
                run.terminate()  # it lets its processes clean up
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(PATIENCE)
            with contextlib.suppress(ProcessLookupError):  # they have all ended, as they should
                os.killpg(run.pid, signal.SIGKILL)
