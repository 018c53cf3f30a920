"""Writes the published form of a report, ``report.schema.json``; with --check compares instead."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pytest_csi_snapshot.report.document import SCHEMA, schema

FILE = Path(__file__).resolve().parent.parent / "pytest_csi_snapshot" / SCHEMA


def main(arguments: list[str]) -> int:
    text = json.dumps(schema(), indent=2) + "\n"
    if "--check" not in arguments:
        FILE.write_text(text, "utf-8")
        return 0
    if FILE.read_text("utf-8") == text:
        return 0
    print(f"{FILE.name} is not what the report's form makes: run ci/generate_report_schema.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
