"""``python ci/bench``: see the package, and ``--help``."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a folder, Python knows the modules in here by their bare names; they are those of a package.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from bench.program import main

    sys.exit(main(sys.argv[1:]))
