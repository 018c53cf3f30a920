"""Writes the published form of a report, ``report.schema.json``; with --check compares instead."""

from __future__ import annotations

import json
import sys

from generated import ROOT, settle

from pytest_csi_snapshot.report.document import SCHEMA, schema

FILE = ROOT / "pytest_csi_snapshot" / SCHEMA


def main(arguments: list[str]) -> int:
    text = json.dumps(schema(), indent=2) + "\n"
    return settle(arguments, FILE, text, script="generate_report_schema.py")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
