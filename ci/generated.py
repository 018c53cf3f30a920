"""How the scripts that make a file end: they write it, or with ``--check`` tell whether it is what they make."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def settle(arguments: Sequence[str], path: Path, text: str, *, script: str) -> int:
    """Write ``text`` into a file of this project, or with ``--check`` compare it; the exit code.

    ``script`` is the name of the script, below ``ci/``, that makes the file.
    """
    if "--check" not in arguments:
        path.write_text(text, "utf-8")
        return 0
    if path.exists() and path.read_text("utf-8") == text:
        return 0
    print(f"{path.relative_to(ROOT)} differs: run python ci/{script}", file=sys.stderr)
    return 1
