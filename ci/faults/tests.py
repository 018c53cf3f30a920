"""Which tests show which clause, and how dear each is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_csi_snapshot.prices import price_list

_LINE = re.compile(
    r"(?P<clause>[A-Z-]+-\d{3})\s+(?:MUST|SHOULD|MAY)\s+(?P<test>\S+::\S.*?)(?:  on companion (?P<companion>\S+))?"
)
NO_OTHERS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""Variable by which pytest loads no plugin that merely is installed."""
ALONE = ("-p", "pytest_csi_snapshot.plugin", "-p", "no:cacheprovider", "--assert=plain")
"""With NO_OTHERS: this plugin and no other. Loading the others costs more than a test does."""

_COMPANION = 1000
"""A test on a companion is dear: that has to come up first."""


def planned(folder: Path) -> str:
    """The plan that ``--csi-list`` prints. Raises RuntimeError where it cannot be made."""
    command = [sys.executable, "-m", "pytest", "--csi-driver=reference", "--csi-list", *ALONE]
    command += ["-p", "xdist.plugin"]
    env = {**os.environ, NO_OTHERS: "1"}
    asked = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if asked.returncode not in (0, 5):
        raise RuntimeError(f"{' '.join(command)} ended with {asked.returncode}:\n{asked.stdout}{asked.stderr}")
    return asked.stdout


class Tests:
    """The tests of each clause, out of a plan."""

    __test__ = False

    def __init__(self, lines: Iterable[str]) -> None:
        self.of: Mapping[str, list[str]] = defaultdict(list)
        self._on_companion: set[str] = set()
        for line in lines:
            if found := _LINE.fullmatch(line):
                self.of[found["clause"]].append(found["test"])
                if found["companion"]:
                    self._on_companion.add(found["test"])

    def price(self, test: str) -> int:
        """How dear a test is, compared with others: pods cost most."""
        known = price_list().of(test)
        made = 10 * known.pods + 2 * known.volumes + known.snapshots if known else 50
        return made + (_COMPANION if test in self._on_companion else 0)
