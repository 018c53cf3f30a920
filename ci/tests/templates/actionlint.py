"""actionlint, as it is pinned."""

from __future__ import annotations

from pathlib import Path

import pinned

MODULE = Path(__file__).parents[2] / "actionlint"
NAME = "github.com/rhysd/actionlint"


def actionlint() -> Path:
    """The program. Raises as ``pinned.program``."""
    return pinned.program(MODULE, NAME, "actionlint")
