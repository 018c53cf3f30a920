"""A plugin for a measured run: every process writes when its first test began, and what memory it took at most.

CSI_WITNESS=FOLDER PYTHONPATH=ci/bench pytest -p witness ...
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

FOLDER = "CSI_WITNESS"
"""The variable that names the folder; a file a process, named by its worker, ``main`` for the first process."""

_first_test = 0.0


def pytest_runtest_logstart() -> None:
    """The first test begins; in the first process of a run with workers, the first that it hears of."""
    global _first_test
    _first_test = _first_test or time.time()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """The last that a worker lets a plugin see."""
    _tell()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """The end of the first process, with its reports written."""
    _tell()


def _tell() -> None:
    told = {"first_test": _first_test, "peak_mb": peak_mb()}
    name = os.environ.get("PYTEST_XDIST_WORKER", "main")
    Path(os.environ[FOLDER], f"{name}.json").write_text(json.dumps(told))


def peak_mb() -> float:
    """Most memory that this process has held, in units of 10^6 bytes (VmHWM of proc(5))."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (each for each in lines if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
