"""csi-sanity, as it is pinned."""

from __future__ import annotations

from pathlib import Path

import pinned

MODULE = Path(__file__).parents[3] / "sanity"
NAME = "github.com/kubernetes-csi/csi-test/v5"


def csi_sanity() -> Path:
    """The program. Raises as ``pinned.program``."""
    return pinned.program(MODULE, NAME, "csi-sanity")
