"""The examination as a part of a run: told before the first test, and by ``--csi-doctor`` alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.errors import EnvironmentTrouble
from pytest_csi_snapshot.scope import scope_of

from . import telling

if TYPE_CHECKING:
    from pytest_csi_snapshot.settings import Settings

    from .examination import Examination

Write = Callable[..., None]
"""Writes a line; keywords are markup of a terminal."""


def visit(cluster: Cluster, settings: Settings, write: Write, *, brief: bool = False) -> Cluster:
    """Examine a cluster and tell it; the cluster with what hinders whom in it. ``brief`` tells what hinders alone.

    Raises EnvironmentTrouble where the cluster cannot be looked at, and where a run is left with nothing to judge.
    """
    from pytest_csi_snapshot.kube.client import KubeClient
    from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

    from .examination import examine

    try:
        client = KubeClient.from_kubeconfig(cluster.kubeconfig or None, cluster.context or None)
        found = examine(client, cluster, offline=settings.csi_doctor == "offline")
    except (ApiError, ApiUnreachableError) as error:
        raise EnvironmentTrouble("the cluster cannot be looked at", why=str(error)) from error
    tell(found, cluster, write, brief=brief and not settings.csi_doctor)
    if not settings.csi_doctor:
        _refuse_nothing(found, settings)
    return replace(cluster, hindered=found.hindered, broken=found.broken)


def tell(found: Examination, cluster: Cluster, write: Write, *, brief: bool = False) -> None:
    """The table, the findings and the conclusion."""
    if not brief:
        write(f"csi-snapshot: what the cluster has for {cluster.driver}", bold=True)
        for line in telling.table(found.evidence):
            write(line)
    for finding in found.findings:
        if brief and not finding.hinders:
            continue
        first, *rest = telling.finding_lines(finding)
        write(first, bold=True, red=finding.hinders, yellow=not finding.hinders)
        for line in rest:
            write(line)
    hinders = any(finding.hinders for finding in found.findings)
    if brief and not hinders:
        return
    write(f"csi-snapshot: {telling.conclusion(found.findings)}", bold=True, red=hinders, green=not hinders)


def _refuse_nothing(found: Examination, settings: Settings) -> None:
    chosen = settings.chosen
    wanted = frozenset(scope_of(settings).by_id) if chosen is None else chosen
    judged = wanted - found.hindered.keys() - found.broken.keys()
    if judged or not wanted & found.hindered.keys():
        return
    finding = next(each for each in found.findings if each.hindered & wanted)
    raise EnvironmentTrouble(
        "nothing of what was asked for can be judged", why=f"{finding.line}: {finding.seen}", do=finding.remedy
    )
