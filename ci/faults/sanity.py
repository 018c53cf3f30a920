"""The same faults before csi-sanity, the conformance program of the CSI project: which of them it can see.

It talks to a driver alone, so it is asked about faults of the driver and of the backend; those of the controllers
are out of its sight. ``ci/tests/reference/sanity/judge_faults.py`` does the work, with a driver as root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .cases import Case

JUDGE = "ci/tests/reference/sanity/judge_faults.py"
VISIBLE = ("backend", "driver")
"""The roles that stand before csi-sanity."""

RESULTS, FAULTS = "CSI_SANITY_RESULTS", "CSI_SANITY_FAULTS"
"""Variables that tell the judge where its answer goes, and which faults it is asked about."""


def judged_by_sanity(cases: Sequence[Case], root: Path, answer: Path) -> dict[str, str]:
    """Fault -> "caught" or "missed"; which specs failed stands in ``answer``.

    Raises RuntimeError where csi-sanity cannot be run.
    """
    asked = {case.name: case.component for case in cases if case.component in VISIBLE}
    answer.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", JUDGE],
        cwd=root,
        env={**os.environ, RESULTS: str(answer), FAULTS: json.dumps(asked)},
        check=False,
    )
    if done.returncode not in (0, 1) or not answer.exists():
        raise RuntimeError(f"csi-sanity could not be asked: pytest ended with {done.returncode}")
    told: dict[str, list[str]] = json.loads(answer.read_text())
    return {fault: "caught" if specs else "missed" for fault, specs in told.items()}
