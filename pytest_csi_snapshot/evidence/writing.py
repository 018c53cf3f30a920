"""Evidence as a file, and read again."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.evidence.model import FORMAT, VERSION, Evidence
from pytest_csi_snapshot.redacting import REDACTOR
from pytest_csi_snapshot.report.document import EVIDENCE
from pytest_csi_snapshot.report.plain import from_plain, to_plain

_UNSAFE = re.compile(r"[^A-Za-z0-9_.=-]+")
_LONGEST = 120
"""Characters of a file's name before its digest; file systems take 255."""


def slug(test: str) -> str:
    """A name for the file of a test: its function and variant, and what tells it from others of that name."""
    name = _UNSAFE.sub("-", test.rpartition("::")[2]).strip("-.")[:_LONGEST]
    return f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"


def write_evidence(folder: Path, evidence: Evidence) -> str:
    """Write the evidence of a test below the folder of the report; its path from there. Raises OSError."""
    name = f"{EVIDENCE}/{slug(evidence.test)}.json"
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever reads meanwhile sees the file of an earlier run, or all of this one.
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        passing.write_text(text_of(evidence), "utf-8")
        passing.replace(path)
    except OSError:
        passing.unlink(missing_ok=True)
        raise
    return name


def text_of(evidence: Evidence) -> str:
    """The file; no secret that this process knows is in it."""
    plain = {"format": FORMAT, "version": VERSION, **to_plain(evidence)}
    text = json.dumps(plain, separators=(",", ":"))
    # To look through one text costs less than through each of a thousand; what is learned has this form too.
    if REDACTOR.clean(text) != text:
        text = json.dumps(REDACTOR.clean_all(plain), separators=(",", ":"))
    return text + "\n"


def read_evidence(path: Path) -> Evidence:
    """The evidence in a file; keys that are not known are ignored. Raises OSError, and ValueError in words."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"{path} is no evidence: it has no format {FORMAT!r}")
    if not isinstance(data.get("version"), int) or data["version"] > VERSION:
        raise ValueError(f"{path} has version {data.get('version')!r}, this program reads up to {VERSION}")
    return from_plain(Evidence, data)
