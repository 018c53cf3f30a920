"""What a report says besides tests and clauses: the run, the driver, the cluster, the profile."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from pytest_csi_snapshot import __version__
from pytest_csi_snapshot.capabilities import NAMES
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.options import OPTIONS
from pytest_csi_snapshot.report.model import (
    Component,
    Implementation,
    ReportedCluster,
    ReportedProfile,
    Run,
    Setting,
    Tool,
)
from pytest_csi_snapshot.reporting.words import show, version_of
from pytest_csi_snapshot.requirements import OWNERS
from pytest_csi_snapshot.settings import Settings

NAME = "pytest-csi-snapshot"


def moment(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def run_of(
    config: pytest.Config,
    settings: Settings,
    *,
    name: str,
    began: float,
    ended: float,
    asked: Sequence[str],
    further: Sequence[str],
) -> Run:
    """The run; times in seconds since the epoch, ``ended`` 0 while it goes on.

    ``asked`` and ``further`` are why it is only a part: what was asked for, and what else.
    """
    return Run(
        id=name,
        began=moment(began),
        ended=moment(ended) if ended else "",
        seconds=round(max(ended - began, 0.0), 3) if ended else 0.0,
        command=shlex.join(["pytest", *map(str, config.invocation_params.args)]),
        workers=workers_of(config),
        tool=Tool(NAME, __version__, platform.python_version(), pytest.__version__),
        settings=settings_of(settings),
        partial=(*asked, *further),
        selected=tuple(asked),
        shard=settings.csi_shard,
    )


def workers_of(config: pytest.Config) -> int:
    """How many processes run tests."""
    distributed = getattr(config.option, "dist", "no") != "no"
    return (len(config.option.tx or []) if distributed else 0) or 1


def settings_of(settings: Settings) -> tuple[Setting, ...]:
    """Every setting that has a value, in the order of the options."""
    found = []
    for option in OPTIONS:
        value: object = settings.value_of(option.name)
        if value not in ("", False, (), 0, frozenset()):
            several = sorted(value) if isinstance(value, frozenset) else value
            text = ",".join(several) if isinstance(several, tuple | list) else show(several)
            found.append(Setting(option.name, text, settings.sources[option.name]))
    return tuple(found)


def implementation_of(settings: Settings, cluster: Cluster | None) -> Implementation:
    """The driver under test."""
    driver = cluster.driver if cluster else settings.driver_name
    version = version_of(OWNERS["DRV"], cluster.versions) if cluster else ""
    return Implementation(driver, version, settings.is_reference)


def cluster_in(cluster: Cluster | None, kind: str) -> ReportedCluster:
    """Where it runs; ``kind`` is what was asked for, where there is no cluster yet."""
    if cluster is None:
        return ReportedCluster(kind)
    components = []
    for owner, name in OWNERS.items():
        told = "" if owner == "CRD" else version_of(name, cluster.versions)  # the CRDs' version is in no line
        if version := cluster.components.get(owner, "") or told:
            components.append(Component(name, owner, version.removeprefix("v")))
    kubernetes = version_of("Kubernetes", cluster.versions)
    return ReportedCluster(cluster.provider, cluster.identity, kubernetes, tuple(components), cluster.versions)


def profile_of(settings: Settings, cluster: Cluster | None) -> ReportedProfile:
    """What was declared, and what the cluster's objects show."""
    profile = settings.profile
    observed = tuple(NAMES.get(need, need) for need in cluster.observed) if cluster else ()
    return ReportedProfile(profile.origin, dict(profile.capabilities), observed, profile.remarks)
