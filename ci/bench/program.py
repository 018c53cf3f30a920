"""The command line: which measurements, then a table, a JSON file and a picture."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pytest_csi_snapshot.errors import RunError
from pytest_csi_snapshot.spelling import nearest

from . import machine, telling
from .figure import Measurement, Order, figures_of
from .figures import MEASUREMENTS
from .picture import picture
from .telling import Done
from .troubles import BenchError

OUTPUT = Path(__file__).resolve().parents[2] / "build" / "bench"
KEPT, MISSED, USAGE = 0, 1, 4
LARGEST = 10_000_000
"""Bytes of a file that is kept where something could not be measured: logs and reports, no volumes."""


def main(argv: Sequence[str]) -> int:
    """0: every budget is kept; 1: one is missed, or could not be measured; 4: wrong usage."""
    parser = _parser()
    asked = parser.parse_args(argv)
    chosen = _chosen(parser, asked)
    if asked.list:
        print("\n".join(_described(chosen)))
        return KEPT
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Started in the background of a script, Ctrl-C is ignored, here and in all that is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    asked.output.mkdir(parents=True, exist_ok=True)
    done = []
    for each in chosen:
        done.append(_take(each, asked))
        _write(done, asked.output, began)  # whoever stops it has what was measured so far
    print()
    print("\n".join(telling.table(done)))
    print(f"written to {os.path.relpath(asked.output)}: bench.json, bench.svg")
    return KEPT if all(each.kept for each in done) else MISSED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        print(f"{self.prog}: {message}; see --help", file=sys.stderr)
        raise SystemExit(USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="bench", description="Measure this project against its budgets.")
    parser.add_argument("--list", action="store_true", help="tell what is measured and how, and stop")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only this one (may be repeated)"
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions: for whoever changes something")
    parser.add_argument("--repeat", type=_positive, metavar="N", help="so many repetitions of each")
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR", help="(default: build/bench)")
    for option in sorted({each.asked_by for each in MEASUREMENTS} - {""}):
        told = " and ".join(each.name for each in MEASUREMENTS if each.asked_by == option)
        parser.add_argument(option, action="store_true", help=f"{told} too: see --list")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _chosen(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> list[Measurement]:
    known = {each.name: each for each in MEASUREMENTS}
    for name in asked.only:
        if name not in known:
            parser.error(f"--only: there is no {name!r}; {nearest(name, known)}")
    if asked.only:
        return [each for each in MEASUREMENTS if each.name in asked.only]
    if asked.list:
        return list(MEASUREMENTS)
    return [each for each in MEASUREMENTS if not each.asked_by or _given(asked, each.asked_by)]


def _given(asked: argparse.Namespace, option: str) -> bool:
    return bool(getattr(asked, option.removeprefix("--").replace("-", "_")))


def _described(chosen: Sequence[Measurement]) -> list[str]:
    lines = []
    for each in chosen:
        more = f", only with {each.asked_by}" if each.asked_by else ""
        lines += [f"{each.name} ({each.repetitions} times{more})", f"    {each.how}"]
        for budget in each.budgets:
            most = "" if budget.at_most is None else f": at most {telling.number(budget.at_most)} ({budget.by})"
            lines.append(f"    - {budget.title}{f', {budget.unit}' if budget.unit else ''}{most}")
    return lines


def _take(measurement: Measurement, asked: argparse.Namespace) -> Done:
    times = asked.repeat or (measurement.quick if asked.quick else measurement.repetitions)
    print(f"==> {measurement.name}: {times} times", flush=True)
    began, watcher = time.monotonic(), machine.Watcher()
    with tempfile.TemporaryDirectory(prefix=f"csi-bench-{measurement.name}-") as folder:
        try:
            taken = measurement.take(Order(times, Path(folder), _say))
            figures = figures_of(measurement, taken)
        except (BenchError, RunError, subprocess.CalledProcessError, OSError) as error:
            kept = _keep(Path(folder), asked.output / "troubles" / measurement.name)
            print(f"    not measured: {error}\n    its logs and reports are in {kept}", flush=True)
            return Done(measurement, surroundings=watcher.seen(), seconds=time.monotonic() - began,
                        trouble=str(error))  # fmt: skip
    done = Done(measurement, figures, taken, watcher.seen(), time.monotonic() - began)
    for figure in figures:
        _say(f"{figure.budget.title}: {telling.number(figure.judged)} {figure.budget.unit} {telling.word(figure)}")
    return done


def _keep(folder: Path, place: Path) -> Path:
    """Copy the logs and reports of what could not be measured, in place of those of the last time."""
    shutil.rmtree(place, ignore_errors=True)
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST:
            copy = place / file.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    return place


def _say(text: str) -> None:
    print(f"    {text}", flush=True)


def _write(done: Sequence[Done], output: Path, began: str) -> None:
    told = telling.data(done, machine.described(), began)
    (output / "bench.json").write_text(json.dumps(told, indent=1) + "\n")
    figures = [figure for each in done for figure in each.figures]
    (output / "bench.svg").write_text(picture(figures, f"pytest-csi-snapshot against its budgets, {began[:10]}"))
