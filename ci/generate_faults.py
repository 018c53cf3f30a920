"""Generates ``docs/faults.md``: all faults, who finds each, and what csi-sanity says of it.

python ci/generate_faults.py            write the page
python ci/generate_faults.py --check    exit 1 if it differs
"""

from __future__ import annotations

import sys
from pathlib import Path

from faults import standing
from faults.cases import all_cases
from faults.page import page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "faults.md"


def main(argv: list[str]) -> int:
    text = page(all_cases(), standing.read())
    if argv != ["--check"]:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    print(f"{PAGE.name} is not what the faults say: run python ci/generate_faults.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
