"""Programs of others, built from Go modules that are pinned here, into the user's cache; once for each version."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_path

_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")


def program(module: Path, name: str, command: str, package: str = "") -> Path:
    """The program ``command`` that the go.mod in the folder ``module`` pins by its module's ``name``.

    Its Go package is ``name/cmd/command`` unless ``package`` says so. Raises FileNotFoundError without a Go
    toolchain, CalledProcessError if it cannot be built.
    """
    return _cached(module, name, command, ["build", *_FLAGS, package or f"{name}/cmd/{command}"])


def tests_of(module: Path, name: str, command: str, package: str, version_in: str) -> Path:
    """The tests of the Go ``package`` of a module, as a program ``command``; otherwise as ``program``.

    ``version_in`` is the Go variable that the program tells its version from.
    """
    stamp = f"-s -w -X {version_in}={pinned_version(module, name)}"
    return _cached(module, name, command, ["test", "-c", "-vet=off", *_FLAGS, "-ldflags", stamp, package])


def pinned_version(module: Path, name: str) -> str:
    """The version that go.mod pins."""
    found = re.search(rf"{re.escape(name)} (v\S+)", (module / "go.mod").read_text())
    assert found is not None, f"{module / 'go.mod'} does not require {name}"
    return found[1]


def _cached(module: Path, name: str, command: str, words: Sequence[str]) -> Path:
    found = user_cache_path("pytest-csi-snapshot") / command / pinned_version(module, name) / command
    if not found.exists():
        found.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="build-", dir=found.parent) as staging:
            _build(module, words, Path(staging) / command)
            (Path(staging) / command).replace(found)
    return found


def _build(module: Path, words: Sequence[str], target: Path) -> None:
    # GOFLAGS of the user (-mod=vendor, -race ...) would change or break what is pinned here.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    *flags, package = words
    subprocess.run(["go", *flags, "-o", str(target), package], cwd=module, env=environment, check=True)
