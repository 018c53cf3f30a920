"""No false alarm: a fifth of the suite, again and again, while every role is slow and unsteady but correct.

    PYTHONPATH=ci python -m faults.jitter                    30 runs of the fifth, 2 of the whole suite
    PYTHONPATH=ci python -m faults.jitter --runs 3 --whole 0

A clause may be unknown, with its reason; one that fails is a false alarm. Delays overlap, so there are many
workers. Several runs at once, each with a cluster of its own, win time only where there are more than two cores.
The tally is kept as that of ``ci/tally.py``, and goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from xml.etree import ElementTree

import platformdirs
from tally import PRODUCT, Run, Tally, version

from .cases import all_jitter
from .choosing import fifth
from .tests import Tests, planned

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "ci" / "artifacts" / "jitter"
MADE_OF = (*PRODUCT, *(f"ci/faults/{name}.py" for name in ("jitter", "cases", "choosing", "tests")))
"""What a run is made of: not of what is known of the faults, which changes as they are tried."""
BAD = ("failed", "errored")
ABANDONED = "ignore:unclosed <ssl.SSLSocket:ResourceWarning"
"""Python leaves an SSL socket open whose peer goes before the handshake, as an API server does that just ends."""
SLOW_FACTOR = 8
"""Of the usual limits: a snapshot is ready after ten calls, of which each may take 5 s."""


def main(argv: Sequence[str]) -> int:
    """0: nothing failed; 1: a false alarm, whose log stays."""
    parser = argparse.ArgumentParser(prog="python -m faults.jitter", description="Look for false alarms.")
    parser.add_argument("--runs", type=int, default=30, metavar="N", help="runs of the fifth (default: 30)")
    parser.add_argument("--whole", type=int, default=2, metavar="N", help="runs of the whole suite (default: 2)")
    parser.add_argument("--workers", type=int, default=12, metavar="N", help="workers of each (default: 12)")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="runs at once (default: 1)")
    asked = parser.parse_args(argv)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    tests = Tests(planned(ARTIFACTS).splitlines())
    through_controllers = without_socket(tests.of)
    part = fifth(through_controllers)
    whole = sorted({test for each in through_controllers.values() for test in each})
    good = [
        _tallied("fifth", part, asked.runs, asked.workers, asked.at_once),
        _tallied("whole", whole, asked.whole, asked.workers, asked.at_once),
    ]
    return 0 if all(good) else 1


def without_socket(tests_of: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Without the tests at the driver's socket: there the test is the caller, and nobody asks again for it."""
    kept = {clause: [test for test in tests if "/suites/rpc/" not in test] for clause, tests in tests_of.items()}
    return {clause: tests for clause, tests in kept.items() if tests}


def _tallied(name: str, tests: Sequence[str], runs: int, workers: int, at_once: int) -> bool:
    """Do what is missing of so many runs; whether none of them had a false alarm."""
    tally = Tally(
        platformdirs.user_cache_path("pytest-csi-snapshot") / "tally", version(MADE_OF), ["jitter", *tests]
    )
    numbers = iter(range(len(tally.runs) + 1, runs + 1))
    with ThreadPoolExecutor(at_once) as pool:

        def begun() -> set[Future[tuple[Run, list[str]]]]:
            """One run more; none after a false alarm, for then it is known that something is to be done."""
            number = None if tally.broken else next(numbers, None)
            return {pool.submit(_once, tests, workers, ARTIFACTS / f"{name}-{number}")} if number else set()

        under_way = set().union(*(begun() for _ in range(at_once)))
        while under_way:
            ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for run, alarms in (each.result() for each in ended):
                tally.add(run)
                print(f"{name} {len(tally.runs):>3}  {run.seconds:7.1f} s  {run.said}", flush=True)
                print("".join(f"  {alarm}\n" for alarm in alarms), end="", flush=True)
                under_way.update(begun())
    return not tally.broken


def _once(tests: Sequence[str], workers: int, place: Path) -> tuple[Run, list[str]]:
    report, log, evidence = (place.with_suffix(suffix) for suffix in (".xml", ".log", ".report"))
    report.unlink(missing_ok=True)
    options = ["--csi-driver=reference", f"--csi-slow-factor={SLOW_FACTOR}", f"--junitxml={report}"]
    options += [f"--csi-report={evidence}"]
    options += [f"--csi-fault={name}" for name in all_jitter()]
    options += ["-n", str(workers), "-p", "no:cacheprovider", "-W", ABANDONED]
    begun = time.monotonic()
    with log.open("w") as output:
        command = [sys.executable, "-m", "pytest", *options, *tests]
        code = subprocess.run(command, cwd=place.parent, stdout=output, stderr=output, check=False).returncode
    seconds = round(time.monotonic() - begun, 1)
    if not report.exists():
        return Run(workers, code or 1, seconds, f"no report, exit {code}: see {log.name}"), []
    told = outcomes(report)
    alarms = sorted(f"{test}: {clause} {outcome}" for test, clause, outcome in told if outcome in BAD)
    counts = Counter(outcome for _, _, outcome in told)
    said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    run = Run(workers, 1 if alarms or code not in (0, 1, 3) else 0, seconds, said)
    if not run.code:
        shutil.rmtree(evidence)
    return run, alarms


def outcomes(report: Path) -> list[tuple[str, str, str]]:
    """(test, clause, outcome) of all that a JUnit report tells."""
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        for each in case.iter("property"):
            if each.get("name") == "csi_outcome":
                clause, _, outcome = each.get("value", "").partition(" ")
                found.append((f"{case.get('classname')}::{case.get('name')}", clause, outcome))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
