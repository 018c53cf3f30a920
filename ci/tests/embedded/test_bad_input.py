"""A machine that cannot do it: one line with what, why and what to do; exit code 3; nothing left behind.

Each lack is made in namespaces of the test's own, so that the machine never lacks anything.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from .runs import command
from .traces import traces

LACKS = {
    "no go and no programs": (
        'export XDG_CACHE_HOME="$PWD/empty" PATH=/usr/sbin:/usr/bin:/sbin:/bin',
        "the programs of Kubernetes v1.37.2 are not here; ",
        "install Go 1.26 or later",
    ),
    "a read-only cache": (
        'mkdir ro && mount -t tmpfs -o ro none ro && export XDG_CACHE_HOME="$PWD/ro"',
        "the cache directory ",
        "set XDG_CACHE_HOME to a directory that can be written",
    ),
    "the address range is in use": (
        "ip link set lo up && ip route add 198.18.0.0/15 dev lo",
        "no network for the embedded cluster; ",
        "remove the route",
    ),
}
"""Lack -> shell commands that make it, the beginning of the line, and what it must say to do."""


@pytest.mark.parametrize("lack", LACKS)
def test_one_line_and_exit_3(lack: str, tmp_path: Path) -> None:
    making, what, do = LACKS[lack]
    before = traces()

    run = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c", f"{making} && exec {shlex.join(command())}"],
        cwd=tmp_path,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )

    line = next((line for line in run.stdout.splitlines() if line.startswith("Exit: ")), run.stdout)
    assert line.startswith(f"Exit: {what}"), run.stdout
    assert do in line
    assert run.returncode == 3
    assert traces().since(before) == {}
