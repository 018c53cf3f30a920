"""Generates ``docs/faults.md``: all faults, who finds each, and what csi-sanity says of it.

python ci/generate_faults.py            write the page
python ci/generate_faults.py --check    exit 1 if it differs
"""

from __future__ import annotations

import sys

from faults import standing
from faults.cases import all_cases
from faults.page import page
from generated import ROOT, settle

PAGE = ROOT / "docs" / "faults.md"


def main(argv: list[str]) -> int:
    return settle(argv, PAGE, page(all_cases(), standing.read()), script="generate_faults.py")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
