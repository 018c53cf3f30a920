"""Runs the conformance suite again and again as committed, and keeps the tally: one failure is one too many.

    python ci/tally.py                         10 runs with 4 workers, 2 without
    python ci/tally.py --runs 3x4 -- -k clone  3 runs with 4 workers of what pytest is told behind the dashes

The tally is kept in the user's cache, by arguments and by what a run is made of (the product's folders as they
are committed: a commit that changes only a page goes on where the last one was). It ends with the first run that
is not clean, whose log and report stay. A tree with changes could be counted for nothing that is kept: it is
refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ("10x4", "2x1")
PRODUCT = ("pyproject.toml", "pytest_csi_snapshot", "suites", "fixtures", "reference_impl")
"""What every run is made of."""


@dataclass(frozen=True)
class Run:
    """One run: its workers (1: no xdist), exit code, seconds, and pytest's last line."""

    workers: int
    code: int
    seconds: float
    said: str


@dataclass(frozen=True)
class Goal:
    """So many clean runs with so many workers."""

    runs: int
    workers: int

    @classmethod
    def parse(cls, text: str) -> Goal:
        """``10x4``. Raises argparse.ArgumentTypeError."""
        runs, _, workers = text.partition("x")
        if not (runs.isdecimal() and workers.isdecimal() and int(workers)):
            raise argparse.ArgumentTypeError(f"{text!r} is not RUNSxWORKERS, such as 10x4")
        return cls(int(runs), int(workers))


class Tally:
    """The runs of one version of what they are made of, with the same arguments, in a file."""

    def __init__(self, folder: Path, version: str, args: Sequence[str]) -> None:
        key = hashlib.sha256("\0".join(args).encode()).hexdigest()[:8]
        self._file = folder / f"{version[:12]}-{key}.json"
        self.runs = [Run(**each) for each in json.loads(self._file.read_text())] if self._file.exists() else []

    def log(self, number: int) -> Path:
        """Where the run of that number writes to, counted from 1."""
        return self._file.with_suffix(f".{number}.log")

    def report(self, number: int) -> Path:
        """The folder that the report of the run of that number goes to, with the evidence of what failed."""
        return self._file.with_suffix(f".{number}.report")

    def add(self, run: Run) -> None:
        """Count a run; at once on disk."""
        self.runs.append(run)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        staged = self._file.with_suffix(".new")
        staged.write_text(json.dumps([asdict(each) for each in self.runs], indent=1))
        staged.rename(self._file)

    def missing(self, goals: Sequence[Goal]) -> list[int]:
        """The workers of each run that is still to be done, in order."""
        left = []
        for goal in goals:
            done = sum(run.workers == goal.workers and run.code == 0 for run in self.runs)
            left += [goal.workers] * max(0, goal.runs - done)
        return left

    @property
    def broken(self) -> int:
        """The number of the run that was not clean; 0 where all were."""
        return next((number for number, run in enumerate(self.runs, 1) if run.code), 0)

    def table(self) -> str:
        """The runs so far."""
        rows = [f"{number:>3}  -n {run.workers}  exit {run.code}  {run.seconds:7.1f} s  {run.said}"
                for number, run in enumerate(self.runs, 1)]  # fmt: skip
        return "\n".join(rows)


def once(workers: int, args: Sequence[str], log: Path, report: Path) -> Run:
    """One run, its output in ``log``."""
    command = [str(Path(sys.executable).parent / "pytest"), "--csi-driver=reference", "--csi-gate=should"]
    command += [f"--csi-report={report}", *args]
    command += ["-n", str(workers)] if workers > 1 else []
    log.parent.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with log.open("w") as output:
        code = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    seconds = time.monotonic() - begun
    lines = log.read_text().strip().splitlines()
    return Run(workers, code, round(seconds, 1), lines[-1].strip("= ") if lines else "")


def version(paths: Sequence[str] = PRODUCT, root: Path = ROOT) -> str:
    """What is committed under ``paths``, as one digest. Ends the program where the tree has changes."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout

    if git("status", "--porcelain"):
        raise SystemExit("the tree has changes, so these runs could be counted for nothing: commit or stash them")
    return hashlib.sha256(git("ls-tree", "HEAD", "--", *paths).encode()).hexdigest()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", action="append", type=Goal.parse, metavar="RUNSxWORKERS")
    split = argv.index("--") if "--" in argv else len(argv)
    goals = parser.parse_args(argv[:split]).runs or [Goal.parse(text) for text in DEFAULT]
    args = argv[split + 1 :]
    tally = Tally(platformdirs.user_cache_path("pytest-csi-snapshot") / "tally", version(), args)
    if tally.runs:
        print(tally.table(), flush=True)
    while not tally.broken and (left := tally.missing(goals)):
        log, report = (kept(len(tally.runs) + 1) for kept in (tally.log, tally.report))
        tally.add(once(left[0], args, log, report))
        print(tally.table().splitlines()[-1], flush=True)
        if not tally.broken:
            log.unlink()
            shutil.rmtree(report)
    if tally.broken:
        print(f"not clean: see {tally.log(tally.broken)}", file=sys.stderr)
        return 1
    print(f"{len(tally.runs)} runs, all clean")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
