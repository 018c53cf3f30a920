"""Runs of the suites as users start them, and what was seen of them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_csi_snapshot.evidence.model import Evidence
from pytest_csi_snapshot.evidence.writing import read_evidence
from pytest_csi_snapshot.report.document import EVIDENCE, read_report
from pytest_csi_snapshot.report.model import Report

from . import probe
from .cpu_account import account
from .troubles import BenchError

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ("--csi-driver=reference",)

NOT_A_USERS = ("-p", "no:hypothesispytest")
"""Without the plugin that self-tests need: at its end each process would load 10 MB that no user has."""

JUDGED = (0, 1)
"""Exit codes of a run that said something about every clause; another one measured something else."""


@dataclass(frozen=True)
class Process:
    """One process of a run. ``first`` is when its first test began, on the clock of ``Trial.began``."""

    name: str
    tests: int
    first: float
    peak: float
    asked: Mapping[str, Mapping[str, int]]
    """Test -> verb -> number of API requests; "" for what was asked outside of tests."""


@dataclass(frozen=True)
class Trial:
    """A run that ended. ``began`` is monotonic."""

    folder: Path
    began: float
    seconds: float
    code: int
    cpu: float = 0.0
    """Processor seconds of all its processes, those of its cluster too; 0 where nobody asked for them."""

    @cached_property
    def report(self) -> Report:
        return read_report(self.folder / "report")

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """Those that told of themselves, the ones without tests too."""
        files = sorted((self.folder / "probes").glob("*.json"))
        return tuple(Process(name=file.stem, **json.loads(file.read_text())) for file in files)

    @property
    def workers(self) -> tuple[Process, ...]:
        """The processes that ran tests."""
        return tuple(process for process in self.processes if process.tests)

    @property
    def to_first_test(self) -> float:
        """Seconds from the command to the first test of any process."""
        return min(process.first for process in self.workers) - self.began

    def evidence(self) -> list[Evidence]:
        """That of all tests."""
        return [read_evidence(path) for path in sorted((self.folder / "report" / EVIDENCE).glob("*.json"))]


def run(
    folder: Path,
    words: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    judged: Sequence[int] = JUDGED,
    cpu: bool = False,
) -> Trial:
    """Run pytest with these words, and wait for it. Raises BenchError where it could not judge.

    ``cpu``: count the processor seconds of all that it starts, for which it takes a right to control groups.
    """
    probes = folder / "probes"
    probes.mkdir(parents=True)
    command = [sys.executable, "-m", "pytest", "-p", "bench.probe", *NOT_A_USERS, "-p", "no:cacheprovider",
               f"--csi-report={folder / 'report'}", *words]  # fmt: skip
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "ci"), probe.FOLDER: str(probes), **(environment or {})}
    with (folder / "log").open("wb") as log, account() if cpu else contextlib.nullcontext() as group:
        began = time.monotonic()
        code = _run(group.inside(command) if group else command, variables, log.fileno())
        seconds, used = time.monotonic() - began, group.seconds() if group else 0.0
    if code not in judged:
        raise BenchError(f"{' '.join(['pytest', *words])} ended with {code}: {last_words(folder / 'log')}")
    return Trial(folder, began, seconds, code, used)


def _run(command: Sequence[str], variables: Mapping[str, str], log: int) -> int:
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    ) as run:
        try:
            return run.wait()
        except BaseException:
            run.terminate()  # it takes down its cluster, and must be given the time
            run.wait()
            raise


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log, in one line."""
    said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip(" =")]
    return " | ".join(said[-lines:]) or "it said nothing"
