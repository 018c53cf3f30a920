"""From a report's folder to its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.html.page import Evidence, render
from pytest_csi_snapshot.report.document import read_report
from pytest_csi_snapshot.report.latencies import evidence_path


def page_of(folder: Path, previous: Path | None = None) -> str:
    """The page of the report in a folder, compared with the one in another where that is given.

    Raises UsageTrouble, one line, where one of them has no report that can be read.
    """
    report = read_report(folder)
    if previous is None:
        return render(report, evidence_in(folder))
    return render(report, evidence_in(folder), read_report(previous), evidence_in(previous))


def evidence_in(folder: Path) -> Evidence:
    """Reads the evidence of a report by its path in the report's folder, and nothing outside of that folder.

    A file that is lost or damaged is none: the page says so where the test is shown.
    """

    def read(name: str) -> Any:
        path = evidence_path(folder, name)
        if path is None:
            return None
        try:
            document = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    return read
