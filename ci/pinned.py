"""Programs of others, built from Go modules that are pinned here, into the user's cache; once for each version."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

from platformdirs import user_cache_path


def program(module: Path, name: str, command: str) -> Path:
    """The program ``name/cmd/command`` that the go.mod in the folder ``module`` pins by its module's ``name``.

    Raises FileNotFoundError without a Go toolchain, CalledProcessError if it cannot be built.
    """
    found = user_cache_path("pytest-csi-snapshot") / command / pinned_version(module, name) / command
    if not found.exists():
        found.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="build-", dir=found.parent) as staging:
            _build(module, f"{name}/cmd/{command}", Path(staging) / command)
            (Path(staging) / command).replace(found)
    return found


def pinned_version(module: Path, name: str) -> str:
    """The version that go.mod pins."""
    found = re.search(rf"{re.escape(name)} (v\S+)", (module / "go.mod").read_text())
    assert found is not None, f"{module / 'go.mod'} does not require {name}"
    return found[1]


def _build(module: Path, package: str, target: Path) -> None:
    # GOFLAGS of the user (-mod=vendor, -race ...) would change or break what is pinned here.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false"]
    subprocess.run(["go", "build", *flags, "-o", str(target), package], cwd=module, env=environment, check=True)
