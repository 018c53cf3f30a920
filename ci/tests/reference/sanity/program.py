"""csi-sanity, built from the pinned Go module into the user's cache; once for each version."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

MODULE = Path(__file__).parents[3] / "sanity"
NAME = "github.com/kubernetes-csi/csi-test/v5"


def csi_sanity() -> Path:
    """The program. Raises FileNotFoundError without a Go toolchain, CalledProcessError if it cannot be built."""
    program = user_cache_path("pytest-csi-snapshot") / "csi-sanity" / pinned_version() / "csi-sanity"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="build-", dir=program.parent) as staging:
            _build(Path(staging) / program.name)
            (Path(staging) / program.name).replace(program)
    return program


def pinned_version() -> str:
    """The module version that go.mod pins."""
    found = re.search(rf"{re.escape(NAME)} (v\S+)", (MODULE / "go.mod").read_text())
    assert found is not None, f"{MODULE / 'go.mod'} does not require {NAME}"
    return found[1]


def _build(target: Path) -> None:
    # GOFLAGS of the user (-mod=vendor, -race ...) would change or break what is pinned here.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false"]
    subprocess.run(
        ["go", "build", *flags, "-o", str(target), f"{NAME}/cmd/csi-sanity"],
        cwd=MODULE,
        env=environment,
        check=True,
    )
