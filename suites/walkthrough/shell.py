"""A terminal for the story: commands run as somebody types them, outputs are kept as somebody reads them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 120
"""Seconds one command may take; far beyond what any needs."""

_WORDS = re.compile(r"\S+(?: \S+)*")
"""A column's title: words with single blanks between them (``ACCESS MODES``)."""

Row = dict[str, str]


@dataclass(frozen=True)
class Output:
    """What one command printed, and its exit code."""

    command: str
    text: str
    errors: str
    code: int

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def columns(self) -> list[str]:
        """The titles in the first line."""
        return _WORDS.findall(self.text.splitlines()[0])

    @property
    def rows(self) -> list[Row]:
        """The lines below the titles, each cell under the title that it stands below."""
        head, *lines = self.text.splitlines()
        found = list(_WORDS.finditer(head))
        ends = [title.start() for title in found[1:]] + [None]
        return [
            {title[0]: line[title.start() : end].strip() for title, end in zip(found, ends, strict=True)}
            for line in lines
        ]

    def row(self, name: str) -> Row:
        """The line of an object by its NAME."""
        found = [row for row in self.rows if row["NAME"] == name]
        assert len(found) == 1, f"{self.command}: one line for {name} expected, seen:\n{self.text}"
        return found[0]


class Shell:
    """Bash in the folder of the story's files, with the cluster's kubeconfig."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        # A proxy would only come between this machine and the cluster on it.
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self._environment = {**clean, **environment}

    def run(self, command: str, *, instead_of: str = "") -> Output:
        """Run a command that must succeed. ``instead_of`` is the tutorial's own, where it is not this one."""
        __tracebackhide__ = True
        output = self.attempt(command, instead_of=instead_of)
        assert output.code == 0, f"{command}: exit code 0 expected, seen {output.code}: {output.errors}"
        return output

    def attempt(self, command: str, *, instead_of: str = "") -> Output:  # noqa: ARG002  read from the source
        """Run a command that may fail."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        print(f"$ {command}\n{done.stdout}{done.stderr}", flush=True)
        return Output(command, done.stdout, done.stderr, done.returncode)

    def follow(self, command: str, pattern: str, times: int = 1) -> list[str]:
        """Run a command that does not end, up to the ``times``-th line that matches; returns those that did."""
        __tracebackhide__ = True
        print(f"$ {command}", flush=True)
        seen, found = [], []
        with subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            late = threading.Timer(LIMIT, process.kill)
            late.start()
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
                seen.append(line)
                if re.search(pattern, line):
                    found.append(line)
                    if len(found) == times:
                        break
            late.cancel()
            process.kill()
        assert len(found) == times, f"{command}: {times} lines with {pattern!r} expected, seen:\n{''.join(seen)}"
        return found

    def get(self, what: str) -> Any:
        """An object, or a list of them, as JSON: ``get("pvc mysql-pvc")``."""
        __tracebackhide__ = True
        return self.run(f"kubectl get {what} -o json").json
