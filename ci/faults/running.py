"""Runs the tests of one case in a forked child of this process, which has everything imported already.

pytest cannot run twice in one process with this plugin; a child a case costs 0.1 s instead of the two seconds
that its imports take.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_csi_snapshot import session
from pytest_csi_snapshot.cluster import Cluster, Progress
from pytest_csi_snapshot.fixtures.embedded.rundir import RunDir

from .listening import Listener
from .observing import Observation
from .tests import ALONE, NO_OTHERS

SLOW_FACTOR = 0.5
"""Of the usual limits on this machine: a fault that hangs is told after 15 s instead of 30."""
PATIENCE = 120.0
"""Seconds after which no further test of a case is begun."""
LIMIT = 200.0
"""Seconds after which a case is ended, wherever it is; a run without a fault has four times as long."""


@dataclass(frozen=True)
class Order:
    """What to run: these tests, with these faults on, until the ``wanted`` clauses are red (none: all tests).

    The tests of the clauses ``instead`` are run only while nothing is red.
    """

    name: str
    faults: tuple[str, ...]
    wanted: tuple[str, ...]
    tests: tuple[str, ...]
    instead: tuple[str, ...] = ()


class Joined:
    """The provider of such a run: the cluster is there, and stays."""

    run: RunDir

    def __init__(self, _settings: object) -> None:
        pass

    def create(self, _progress: Progress) -> Cluster:
        """The cluster as the file of its run directory tells it."""
        return Cluster.from_plain(json.loads(self.run.cluster_file.read_text())["cluster"])

    def delete(self, _progress: Progress) -> None:
        """Nothing: others work on it later."""


def preload() -> None:
    """Import what every run needs, before the first fork."""
    import pytest_csi_snapshot.activation
    import pytest_csi_snapshot.fixtures.companions.joining
    import pytest_csi_snapshot.invariants
    import pytest_csi_snapshot.scenario  # noqa: F401


def observe(order: Order, run: RunDir, folder: Path, log: Path) -> Observation:
    """Run the tests of ``order`` on the cluster in ``run``, beginning in ``folder``; output goes to ``log``."""
    begun = time.monotonic()
    answer = folder / f"{order.name}.json"
    answer.unlink(missing_ok=True)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _be_the_run(order, run, folder, log, answer)
    limit = LIMIT if order.wanted else 4 * LIMIT
    ended = _wait(child, limit)
    seconds = round(time.monotonic() - begun, 2)
    if not answer.exists():
        why = f"the run was ended after {limit:.0f} s" if not ended else "the run ended without an answer"
        return Observation(order.name, seconds=seconds, trouble=f"{why}, see {log.name}")
    told = json.loads(answer.read_text())
    remarks = [*told["trouble"], *([] if ended else [f"ended after {limit:.0f} s"])]
    return Observation.from_plain(
        {
            "name": order.name,
            "rows": told["rows"],
            "seconds": seconds,
            "trouble": "" if told["rows"] else f"no test said anything, see {log.name}",
            "remarks": remarks,
        }
    )


def _be_the_run(order: Order, run: RunDir, folder: Path, log: Path, answer: Path) -> None:
    """The child: never returns."""
    code = 70
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = _judge(order, run, answer)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _judge(order: Order, run: RunDir, answer: Path) -> int:
    import pytest

    listener = Listener(order.wanted, PATIENCE, lambda told: _write(answer, told), order.instead)
    Joined.run = run
    session.PROVIDER = f"{__name__}:Joined"
    faults = [f"--csi-fault={name}" for name in order.faults]
    options = ["--csi-driver=reference", *faults, f"--csi-slow-factor={SLOW_FACTOR}", "--csi-report=none", *ALONE]
    options += ["-q", "--tb=short"]
    os.environ[NO_OTHERS] = "1"
    code = pytest.main([*options, *order.tests], plugins=[listener])
    _write(answer, listener)
    return int(code)


def _write(answer: Path, told: Listener) -> None:
    staged = answer.with_suffix(".new")
    staged.write_text(json.dumps({"rows": [asdict(row) for row in told.rows], "trouble": told.trouble}))
    staged.rename(answer)


def _wait(child: int, seconds: float) -> bool:
    """Whether a child ended by itself; one that did not is asked, then killed with all that it started."""
    descriptor = os.pidfd_open(child)
    try:
        done = bool(select.select([descriptor], [], [], seconds)[0])
        if not done:
            os.kill(child, signal.SIGINT)
            select.select([descriptor], [], [], 20.0)
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return done
    finally:
        os.close(descriptor)
