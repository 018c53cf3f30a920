"""What the report says of each fault, kept as files that a reviewer reads: ``golden/<fault>.txt``.

What differs from run to run is replaced, by these rules and no others:

- times and how far into the test something was seen: ``TIME``, ``N s``;
- uids, random ends of names, runs in namespaces, digests: ``UID``, ``XXXXXX``, ``RUN``, ``HEX``;
- versions of components: ``VERSION``;
- addresses and numbers of ten digits or more (nanoseconds, resource versions): ``ADDRESS``, ``NUMBER``.

The rows of ``when`` are kept for the reader and not compared: in which order two watches tell of one moment is
chance.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"

_RULES = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+\d\d:\d\d)?", "TIME"),
        (r"\bcsi-[0-9a-f]{8}-(main|gw\d+)\b", "csi-RUN"),
        # Whole, or cut by who made a name of it, who may also have put something behind it.
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}(-[0-9a-f]{1,4}(-[0-9a-f]{1,12})?)?\b", "UID"),
        (r"\b[0-9a-f]{11,64}\b", "HEX"),
        (r"(?<=-)[0-9a-f]{8}\b", "HEX"),
        (r"(?<=-)[0-9a-f]{6}\b", "XXXXXX"),
        (r"(?<=-)[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b", "POD"),
        (r"\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b", "ADDRESS"),
        (r"\bv?\d+\.\d+\.\d+\b", "VERSION"),
        (r"-?\b\d+(\.\d+)? s\b", "N s"),
        (r"-?\b\d+\.\d{2,}\b", "N"),
        (r"\b\d{10,}\b", "NUMBER"),
    )
)
_ROW = re.compile(r"  (?P<name>\S.{13}|\s{14}) (?P<text>.*)")


def normal(lines: Sequence[str]) -> str:
    """A report's text with what differs from run to run replaced."""
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return text


def compared(text: str) -> list[str]:
    """The lines that have to be equal: all but the rows of ``when``."""
    kept, skipping = [], False
    for line in text.splitlines():
        if row := _ROW.fullmatch(line):
            skipping = row["name"].strip() == "when" or (skipping and not row["name"].strip())
        else:
            skipping = False
        if not skipping:
            kept.append(line)
    return kept


def difference(fault: str, lines: Sequence[str], folder: Path = FOLDER) -> list[str]:
    """How a report differs from the file, as a diff; one line where there is no file; nothing if it does not."""
    path = folder / f"{fault}.txt"
    if not path.exists():
        return [f"there is no {path.name}: read the report, and run again with --update"]
    before, now = compared(path.read_text()), compared(normal(lines))
    return list(difflib.unified_diff(before, now, f"golden/{path.name}", "this run", lineterm="", n=1))


def write(fault: str, lines: Sequence[str], folder: Path = FOLDER) -> None:
    """Keep a report, unless what is kept says the same."""
    if difference(fault, lines, folder):
        folder.mkdir(exist_ok=True)
        (folder / f"{fault}.txt").write_text(normal(lines))


def strangers(faults: Sequence[str], folder: Path = FOLDER) -> list[str]:
    """Files of faults that there are no more."""
    return sorted({path.stem for path in folder.glob("*.txt")} - set(faults))
