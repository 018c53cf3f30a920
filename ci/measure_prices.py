"""Writes the table of prices from the JUnit files of runs on the bundled driver, or compares one with it.

measure_prices.py JUNIT...             the table is at least what these runs tell; entries of tests that are
                                       gone are left out when the runs are of everything (--all)
measure_prices.py --check JUNIT        fails where a test made more than the table says, or is not in it
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from pathlib import Path
from xml.etree import ElementTree

from pytest_csi_snapshot.collection import id_prefix
from pytest_csi_snapshot.prices import Price, dearest, price_list

TABLE = Path(__file__).resolve().parent.parent / "pytest_csi_snapshot" / "prices.json"
Row = tuple[str, str, Price]


def told(files: Iterable[Path]) -> Iterator[Row]:
    """("tests" or "shared", test or file, price) of each property that tells one."""
    for file in files:
        for each in ElementTree.parse(file).iter("property"):
            if each.get("name") == "csi_price":
                part, name, *counts = json.loads(each.get("value", ""))
                yield part, name.removeprefix(id_prefix() + "/"), Price(*counts)


def merged(rows: Iterable[Row], *, anew: bool) -> dict[str, dict[str, Price]]:
    known = price_list()
    table = {"tests": {}, "shared": {}} if anew else {"tests": dict(known.tests), "shared": dict(known.shared)}
    for part, name, price in rows:
        table[part][name] = dearest([price, table[part].get(name, price)])
    return table


def complaints(rows: Iterable[Row]) -> Iterator[str]:
    known = price_list()
    for part, name, price in rows:
        listed = (known.tests if part == "tests" else known.shared).get(name)
        if listed is None:
            yield f"{name}: {part}: no price in the table, this run: {astuple(price)}"
        elif dearest([listed, price]) != listed:
            yield f"{name}: {part}: the table says {astuple(listed)}, this run made {astuple(price)}"


def written(table: dict[str, dict[str, Price]]) -> str:
    """One line a test, so that a change reads as what it is."""
    parts = []
    for part, rows in table.items():
        lines = [f"    {json.dumps(name)}: {json.dumps(astuple(price))}" for name, price in sorted(rows.items())]
        parts.append(f'  "{part}": {{\n' + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("files", nargs="+", type=Path)
    asked = parser.parse_args()
    rows = list(told(asked.files))
    if not rows:
        print(f"no price is told in {', '.join(map(str, asked.files))}", file=sys.stderr)
        return 1
    if not asked.check:
        TABLE.write_text(written(merged(rows, anew=asked.all)))
        return 0
    wrong = list(complaints(rows))
    for line in wrong:
        print(line)
    print(f"{len(rows)} prices compared, {len(wrong)} do not fit")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
