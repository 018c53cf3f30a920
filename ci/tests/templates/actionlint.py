"""actionlint, built from the pinned Go module into the user's cache; once for each version."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

MODULE = Path(__file__).parents[2] / "actionlint"
NAME = "github.com/rhysd/actionlint"


def actionlint() -> Path:
    """The program. Raises CalledProcessError if it cannot be built."""
    found = re.search(rf"{re.escape(NAME)} (v\S+)", (MODULE / "go.mod").read_text())
    assert found is not None, f"{MODULE / 'go.mod'} does not require {NAME}"
    program = user_cache_path("pytest-csi-snapshot") / "actionlint" / found[1] / "actionlint"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="build-", dir=program.parent) as staging:
            built = Path(staging) / program.name
            environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
            flags = ["-mod=readonly", "-trimpath", "-buildvcs=false"]
            subprocess.run(
                ["go", "build", *flags, "-o", str(built), f"{NAME}/cmd/actionlint"],
                cwd=MODULE,
                env=environment,
                check=True,
            )
            built.replace(program)
    return program
