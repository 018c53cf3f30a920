"""Drivers that announce less: no list of snapshots, no clones, no expansion by the controller."""

from __future__ import annotations

from datetime import datetime

import pytest

from pytest_csi_snapshot.conditions import READY, has_capacity, status_of
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.volumes import NO_CLONES
from pytest_csi_snapshot.workloads import trees

SECOND = 1_000_000_000
"""Nanoseconds, in which a content tells its creationTime."""


@pytest.mark.csi_companion("no-list", or_itself=True)
@pytest.mark.csi_clause("SNAP-PRE-005")
def test_without_a_list_any_handle_is_ready_unchecked(csi: Scenario) -> None:
    content = csi.import_content("a-handle-that-never-was")
    answer = csi.backend_answers(content)
    if not READY.holds(answer):
        csi.of_another_kind("SNAP-PRE-005", "the driver lists its snapshots: it knows that this one never was")
    csi.check("SNAP-PRE-005", expected=True, observed=READY.holds(answer), about=f"readyToUse of {content}")
    status = status_of(answer)
    csi.check("SNAP-PRE-005", expected=None, observed=status.get("restoreSize"), about=content)
    began = datetime.fromisoformat(answer["metadata"]["creationTimestamp"]).timestamp()
    imported = status.get("creationTime", 0) / SECOND
    csi.check(
        "SNAP-PRE-005",
        expected="a creationTime not before that of the content",
        observed=f"{imported - began:.1f} s after it",
        holds=imported >= began,
        about=content,
    )


@pytest.mark.csi_companion("no-clone", or_itself=True)
@pytest.mark.csi_clause("CLN-010")
def test_without_clones_the_claim_stays_pending_and_says_why(csi: Scenario) -> None:
    clone = csi.clone(csi.volume())
    told = csi.provisioning_error(clone)
    if not told:
        csi.of_another_kind("CLN-010", "the driver clones volumes")
    csi.check("CLN-010", expected=NO_CLONES, observed=told, holds=NO_CLONES in told, about=clone)
    phase = status_of(csi.get(clone)).get("phase")
    csi.check("CLN-010", expected="Pending", observed=phase, about=clone)


@pytest.mark.csi_companion("node-expansion")
@pytest.mark.csi_clause("EXP-024")
def test_expansion_by_the_node_alone(csi: Scenario) -> None:
    claim = csi.volume()
    volume = csi.pv_of(claim)
    csi.expand(claim, csi.larger)
    csi.wait(volume, has_capacity(csi.larger), "EXP-024", within=csi.limits.resize)
    csi.event(claim, "FileSystemResizeRequired", "EXP-024")
    answer = csi.start_write(claim, trees.A)
    csi.answer(answer, "EXP-024")
    csi.grown(claim, csi.larger, "EXP-024")
    csi.spans("EXP-024", csi.larger, csi.read(claim, "EXP-024"), claim)
