"""HA: a snapshot-controller that starts before its CRDs, on a cluster of its own."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.bare import bare_cluster, restarted
from pytest_csi_snapshot.kube.kinds import (
    CRD,
    EVENT,
    POD,
    SNAPSHOT,
    SNAPSHOT_API,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.scenario import Scenario

LONGEST = 120.0
"""Seconds: what the controller waits for CRDs (5 s there), its start, and the back-off of its pod."""


def gave_up(pod: dict[str, Any]) -> bool:
    """It is a pod of the snapshot-controller that has ended with an error."""
    name = (pod["metadata"].get("labels") or {}).get("app.kubernetes.io/name")
    return name == "snapshot-controller" and restarted(pod)


def misses_content(event: dict[str, Any]) -> bool:
    return event.get("reason") == "SnapshotContentMissing"


@pytest.mark.csi_clause("HA-004")
def test_controller_ends_without_its_crds_and_works_once_they_are_there(csi: Scenario) -> None:
    """The CRDs of groups stay away: that is no reason to end."""
    if csi.cluster.provider != "embedded":  # nobody's CRDs are taken away
        csi.not_supported(
            "HA-004", "it takes a cluster of its own without snapshot CRDs, beside an embedded one only"
        )
    crds = [csi.api.get(CRD, None, f"{kind.plural}.{SNAPSHOT_API.partition('/')[0]}")
            for kind in (SNAPSHOT_CONTENT, SNAPSHOT_CLASS, SNAPSHOT)]  # fmt: skip
    with bare_cluster(csi.cluster) as bare:
        ended = bare.first(POD, "an end of the snapshot-controller", gave_up, "HA-004", LONGEST)
        csi.check("HA-004", expected="an end with an error", observed=ended["status"]["containerStatuses"],
                  holds=restarted(ended), about=ended["metadata"]["name"])  # fmt: skip
        for crd in crds:
            bare.install(crd)
        bare.snapshot("early", "missing")
        told = bare.first(EVENT, "an event SnapshotContentMissing", misses_content, "HA-004", LONGEST)
        csi.check("HA-004", expected="SnapshotContentMissing", observed=told["reason"],
                  about="a VolumeSnapshot of a missing content, without the CRDs of groups")  # fmt: skip
