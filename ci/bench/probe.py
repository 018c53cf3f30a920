"""A pytest plugin, ``-p bench.probe``: what each process of a run was like, for whoever measures it.

Each process writes a file at its end, into the folder that the environment names: the most memory that it had,
when its first test began, and how often it asked the API server for what, by test. Counts what leaves the client,
from whatever thread: the watches of a test are told as such, and so is what belongs to no test. A command without
tests, such as ``--csi-sweep``, tells of itself too.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

FOLDER = "CSI_BENCH_PROBES"
"""Variable with the folder; without it the plugin does nothing."""

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """All that a process does is inside of this; look at it, where somebody wants to know."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return (yield)
    probe = _Probe(Path(folder), config)
    config.pluginmanager.register(probe, "csi-bench-probe")
    try:
        return (yield)
    finally:
        probe.tell()


def verb_of(method: str, path: str, query: dict[str, Any] | None) -> str:
    """What Kubernetes calls a request: get, list, watch, create, update, patch, delete."""
    if method in _VERBS:
        return _VERBS[method]
    if query and query.get("watch") == "true":
        return "watch"
    words = path.strip("/").split("/")
    words = words[2:] if words[0] == "api" else words[3:]  # what is behind the API's group and version
    if len(words) > 2 and words[0] == "namespaces":
        words = words[2:]
    return "list" if len(words) == 1 else "get"


def peak(status: Path = Path("/proc/self/status")) -> float:
    """The most memory that this process had, in MB of a million bytes."""
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


class _Probe:
    def __init__(self, folder: Path, config: pytest.Config) -> None:
        from pytest_csi_snapshot.kube.client import KubeClient

        self._file = folder / f"{getattr(config, 'workerinput', {}).get('workerid', 'main')}.json"
        self._tests = 0
        self._first = 0.0
        self._test = ""
        self._asked: Counter[tuple[str, str]] = Counter()
        self._guard = threading.Lock()
        self._count(KubeClient)

    def _count(self, client: type[Any]) -> None:
        send = client.open

        def counted(this: Any, method: str, path: str, **options: Any) -> Any:
            with self._guard:
                self._asked[self._test, verb_of(method, path, options.get("query"))] += 1
            return send(this, method, path, **options)

        client.open = counted

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._first = self._first or time.monotonic()
        self._tests += 1
        self._test = item.nodeid
        try:
            return (yield)
        finally:
            self._test = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """The first process need not wait for more from a worker than its session."""
        self.tell()

    def tell(self) -> None:
        """Write what is known by now."""
        asked: dict[str, dict[str, int]] = {}
        with self._guard:
            for (test, verb), times in sorted(self._asked.items()):
                asked.setdefault(test, {})[verb] = times
        told = {"tests": self._tests, "first": self._first, "peak": peak(), "asked": asked}
        fresh = self._file.with_suffix(".new")  # whoever ends this process meanwhile leaves the last one whole
        fresh.write_text(json.dumps(told))
        fresh.replace(self._file)
