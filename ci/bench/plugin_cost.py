"""What the installed plugin costs in somebody else's pytest run: medians of runs of one empty test.

Each plugin is measured alone, all others switched off (``-p no:NAME``), against a run with all of them off; the
runs of all variants are interleaved, so that what else the machine does falls on all of them. The budget is held
against processor time, which on an idle machine is the time waited, and elsewhere is what can be measured.

    python ci/bench/plugin_cost.py [--runs 30] [--budget-ms 20]

Exit status 1 if ours costs more than the budget.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path

OURS = "csi-snapshot"
COMPARED = {"xdist": ("xdist", "xdist.looponfail"), "allure": ("allure_pytest",), "asyncio": ("asyncio",)}
"""Plugins shown beside ours where they are installed, by the names of their entry points."""


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--budget-ms", type=float, default=20.0)
    options = parser.parse_args()
    installed = {entry.name for entry in entry_points(group="pytest11")}
    alone: dict[str, tuple[str, ...]] = {OURS: (OURS,)}
    alone |= {name: entries for name, entries in COMPARED.items() if installed.intersection(entries)}
    variants = {"none": tuple(sorted(installed))}
    variants |= {name: tuple(sorted(installed.difference(entries))) for name, entries in alone.items()}
    runs = measure(variants, options.runs)
    print(f"one empty test, medians of {options.runs} runs, {os.cpu_count()} CPUs")
    print(f"{'plugin':<14}{'CPU':>10}{'costs':>10}{'waited':>12}{'costs':>10}   (ms)")
    base = medians(runs["none"])
    for name in variants:
        cpu, wall = medians(runs[name])
        print(f"{name:<14}{cpu:>10.1f}{cpu - base[0]:>10.1f}{wall:>12.1f}{wall - base[1]:>10.1f}")
    cost = medians(runs[OURS])[0] - base[0]
    within = cost <= options.budget_ms
    print(f"{OURS}: {cost:.1f} ms of {options.budget_ms:.0f} ms: {'kept' if within else 'broken'}")
    return 0 if within else 1


def medians(runs: list[tuple[float, float]]) -> tuple[float, float]:
    """Median CPU and elapsed milliseconds."""
    return statistics.median(cpu for cpu, _ in runs), statistics.median(wall for _, wall in runs)


def measure(variants: dict[str, tuple[str, ...]], runs: int) -> dict[str, list[tuple[float, float]]]:
    """CPU and elapsed milliseconds of each run of each variant."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_empty():\n    pass\n")
        for off in variants.values():  # once for the caches of compiled files
            run(folder, off)
        for _ in range(runs):
            for name, off in variants.items():
                times[name].append(run(folder, off))
    return times


def run(folder: str, off: tuple[str, ...]) -> tuple[float, float]:
    """CPU and elapsed milliseconds of one pytest run with these plugins off."""
    switches = [word for name in off for word in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider", *switches]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pytest ended with {process.returncode}: {' '.join(command)}")
    return (usage.ru_utime + usage.ru_stime) * 1000, (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
