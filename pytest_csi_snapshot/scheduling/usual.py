"""How long each test took when it was last run, in the user's cache: of each cluster and driver by itself.

Runs that end at the same time take turns by chance, and the file of one of them stays: what is lost costs a worse
order, no verdict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.settings import OWN_CLUSTERS, Settings

FORMAT = "pytest-csi-snapshot/durations"
VERSION = 1
PLACES = 20
"""Clusters with a driver that are remembered, those that were used last."""

TESTS = 3000
"""Tests of one of them, those that were run last."""

_DIGITS = 2

T = TypeVar("T")


def usual_path() -> Path:
    """Where it is kept; the folder need not be there."""
    return platformdirs.user_cache_path("pytest-csi-snapshot") / "durations.json"


def place_of(settings: Settings, cluster: Cluster | None) -> str:
    """The cluster and driver that durations belong to.

    A cluster that the run makes is a new one each time: what makes two of them alike is how they are made.
    """
    driver = cluster.driver if cluster else settings.driver_name
    provider = cluster.provider if cluster else settings.csi_cluster
    if provider in OWN_CLUSTERS:
        return f"{provider} {settings.csi_controllers} {driver}"
    return " ".join(filter(None, (provider, cluster.identity if cluster else "", driver)))


class Usual:
    """Of one place. ``seconds`` by test id, {} until ``recall``; ``trouble`` is what could not be done and why."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = ""
        self.seconds: Mapping[str, float] = {}
        self.trouble = ""

    def recall(self, place: str) -> None:
        """Read what is remembered of a place."""
        self._place = place
        self.seconds = self._all().get(place, {})

    def keep(self, seconds: Mapping[str, float]) -> None:
        """Remember for the next run; what was not run this time stays as it was."""
        if not (seconds and self._place):
            return
        new = {test: round(each, _DIGITS) for test, each in seconds.items()}
        others = {place: tests for place, tests in self._all().items() if place != self._place}
        old = {test: each for test, each in self.seconds.items() if test not in new}
        places = {**others, self._place: {**old, **new}}
        kept = {place: _last(tests, TESTS) for place, tests in _last(places, PLACES).items()}
        self._write(json.dumps({"format": FORMAT, "version": VERSION, "places": kept}, indent=0))

    def _all(self) -> dict[str, dict[str, float]]:
        """All places; {} where there is no file, or one that is none of ours."""
        try:
            data: Any = json.loads(self._path.read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            self.trouble = f"{self._path} cannot be read: {getattr(error, 'strerror', None) or error}"
            return {}
        if not isinstance(data, dict) or (data.get("format"), data.get("version")) != (FORMAT, VERSION):
            self.trouble = f"{self._path} is not what this version writes"
            return {}
        return {
            str(place): {str(test): float(each) for test, each in tests.items() if isinstance(each, int | float)}
            for place, tests in data.get("places", {}).items()
        }

    def _write(self, text: str) -> None:
        # Whoever reads meanwhile sees the file of an earlier run, or all of this one.
        passing = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            passing.write_text(text, "utf-8")
            passing.replace(self._path)
        except OSError as error:
            with suppress(OSError):  # where it could not be made
                passing.unlink()
            self.trouble = f"{self._path} cannot be written: {error.strerror or error}"


def _last(items: Mapping[str, T], most: int) -> dict[str, T]:
    return dict(list(items.items())[-most:])
