"""``report.json`` as text, and read again. What is wrong with a file is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.report.model import FORMAT, VERSION, Report
from pytest_csi_snapshot.report.plain import from_plain, schema_of, to_plain

REPORT = "report.json"
PAGE = "report.html"
EVIDENCE = "evidence"
"""Names below the folder of a report."""

SCHEMA = "report.schema.json"
"""Name of the published form, in this package."""


def text_of(report: Report) -> str:
    """The document; equal reports are equal texts, and no secret that this process knows is in it."""
    plain = {"format": FORMAT, "version": VERSION, **to_plain(report)}
    return json.dumps(REDACTOR.clean_all(plain), ensure_ascii=False, indent=1) + "\n"


def report_of(text: str) -> Report:
    """A report from its text. Raises ValueError in words."""
    return from_plain(Report, plain_of(text))


def plain_of(text: str) -> dict[str, Any]:
    """The plain data of a report that this program can read, whatever is in it. Raises ValueError in words."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"is not a report: it has no format {FORMAT!r}")
    version = data.get("version")
    if not isinstance(version, int) or version < 1:
        raise ValueError(f"is not a report: version {version!r}")
    if version > VERSION:
        raise ValueError(f"has version {version} of the format, this program reads up to {VERSION}: update it")
    return data


def file_of(place: Path) -> Path:
    """The document that a path means: itself, or the one in that folder."""
    return place / REPORT if place.is_dir() else place


def read_report(place: Path) -> Report:
    """A report by the path of its file or folder. Raises UsageTrouble, one line."""
    path = file_of(place)
    try:
        return report_of(path.read_text("utf-8"))
    except OSError as error:
        raise UsageTrouble(
            f"{place}: no report can be read there", why=f"{path.name}: {error.strerror}"
        ) from error
    except ValueError as error:
        raise UsageTrouble(f"{path}: {error}") from error


def schema() -> dict[str, Any]:
    """The JSON schema of the document, as it is published."""
    body = schema_of(Report)
    head = {"format": {"const": FORMAT}, "version": {"const": VERSION}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a run of pytest-csi-snapshot came to",
        "description": "Keys that are not described here may be there: a reader ignores them.",
        **{key: part for key, part in body.items() if key != "description"},
        "required": [*head, *body["required"]],
        "properties": {**head, **body["properties"]},
    }
