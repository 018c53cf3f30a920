"""How long what took, over all tests of a report: read from the evidence that lies beside it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from pytest_csi_snapshot.report.model import Report

Latencies = Mapping[str, list[float]]
"""Phase ("snapshot ready") -> seconds, one number for each time that it was seen."""


def latencies_of(report: Report, folder: Path) -> Latencies:
    """The latencies in the evidence of a report's tests on the driver itself, as far as that is there."""
    found: dict[str, list[float]] = defaultdict(list)
    for test in report.tests:
        path = evidence_path(folder, test.evidence)
        if path is None or test.seen_on:
            continue
        body = json.loads(path.read_text("utf-8"))
        for each in body.get("latencies", ()):
            found[str(each["phase"])].append(float(each["seconds"]))
    return found


def evidence_path(folder: Path, name: str) -> Path | None:
    """The evidence of a test in the folder of its report; None where there is none, or where it lies elsewhere."""
    path = (folder / name).resolve()
    return path if name and path.is_relative_to(folder.resolve()) and path.is_file() else None
