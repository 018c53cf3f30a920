"""From a report's folder to its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.html.page import Evidence, render


def page_of(folder: Path, previous: Path | None = None) -> str:
    """The page of the report in a folder, compared with the one in another where that is given.

    Raises OSError where there is no ``report.json`` that can be read, ValueError where it is no JSON.
    """
    if previous is None:
        return render(_report(folder), evidence_in(folder))
    return render(_report(folder), evidence_in(folder), _report(previous), evidence_in(previous))


def evidence_in(folder: Path) -> Evidence:
    """Reads the evidence of a report by its path in the report's folder, and nothing outside of that folder.

    A file that is lost or damaged is none: the page says so where the test is shown.
    """
    inside = folder.resolve()

    def read(path: str) -> Mapping[str, Any] | None:
        place = (inside / path).resolve()
        if not place.is_relative_to(inside):
            return None
        try:
            document = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    return read


def _report(folder: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return document
