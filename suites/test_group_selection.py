"""GRP: which volumes and which class a group snapshot takes, and what comes of none."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, Condition, status_of
from pytest_csi_snapshot.kube.kinds import GROUP_CONTENT
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.static_volumes import NFS, csi_source

COLORED = {"color": "blue"}


def fails(csi: Scenario, group: Handle, what: str) -> None:
    """A group of what cannot be cut has no content, and says so."""
    csi.event(group, "GroupSnapshotContentCreationFailed", "GRP-004", or_else="CreateGroupSnapshotContentFailed")
    csi.wait(group, HAS_ERROR, "GRP-004")
    made = csi.api.find(csi.spoken(GROUP_CONTENT), None, f"groupsnapcontent-{group.uid}")
    csi.check("GRP-004", expected=None, observed=made and made["metadata"]["name"], about=f"content for {what}")
    ready = status_of(csi.get(group)).get("readyToUse")
    csi.check("GRP-004", expected="not ready", observed=f"readyToUse {ready}", holds=not ready, about=what)


@pytest.mark.csi_clause("GRP-003")
def test_expressions_of_the_selector_do_not_count(csi: Scenario) -> None:
    csi.needs_groups("GRP-003")
    claims = [csi.labelled(csi.claim(), COLORED), csi.claim()]
    for claim in claims:
        csi.bound(claim)
    expression = {"key": "color", "operator": "In", "values": ["blue"]}
    content = csi.get(csi.group_content_of(csi.group({}, matchExpressions=[expression])))
    volumes = [csi.get(csi.pv_of(claim))["spec"]["csi"]["volumeHandle"] for claim in claims]
    csi.check("GRP-003", expected=sorted(volumes), observed=sorted(content["spec"]["source"]["volumeHandles"]),
              about="volumes of a group with an expression that matches one of two claims")  # fmt: skip


@pytest.mark.csi_clause("GRP-004")
def test_selector_without_a_match_fails_until_there_is_one(csi: Scenario) -> None:
    csi.needs_groups("GRP-004")
    group = csi.group(COLORED)
    fails(csi, group, "no claim")
    csi.labelled(csi.volume(), COLORED)
    csi.nudge(group)
    csi.group_ready(group, "GRP-004")


@pytest.mark.csi_clause("GRP-004")
def test_unbound_claim_fails_the_group(csi: Scenario) -> None:
    csi.needs_groups("GRP-004")
    csi.labelled(csi.volume(), COLORED)
    late = csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
    pending = csi.labelled(csi.claim(storage_class=late), COLORED)
    group = csi.group(COLORED)
    fails(csi, group, "a claim that is not bound")
    csi.delete(pending)
    csi.gone(pending)
    csi.nudge(group)
    csi.group_ready(group, "GRP-004")


@pytest.mark.csi_clause("GRP-004")
def test_volume_of_no_csi_driver_fails_the_group(csi: Scenario) -> None:
    csi.needs_groups("GRP-004")
    csi.labelled(csi.static_claim(NFS), COLORED)
    fails(csi, csi.group(COLORED), "a volume of no CSI driver")


@pytest.mark.csi_clause("GRP-004")
def test_volume_of_another_driver_than_the_class_fails_the_group(csi: Scenario) -> None:
    csi.needs_groups("GRP-004")
    csi.labelled(csi.volume(), COLORED)
    other = csi.make_group_class(driver=csi.forsaken_driver())
    fails(csi, csi.group(COLORED, cls=other.name), "a volume of another driver")


@pytest.mark.csi_clause("GRP-005")
def test_class_that_does_not_exist_is_an_error_until_it_does(csi: Scenario) -> None:
    csi.needs_groups("GRP-005")
    csi.labelled(csi.volume(), COLORED)
    name = csi.api.mark.fresh("class")
    group = csi.group(COLORED, cls=name)
    csi.event(group, "GetGroupSnapshotClassFailed", "GRP-005")
    csi.make_group_class(metadata={"name": name})
    csi.nudge(group)
    csi.group_ready(group, "GRP-005")


@pytest.mark.csi_clause("GRP-005")
def test_only_default_class_of_the_first_volumes_driver_is_used(csi: Scenario) -> None:
    """The driver is one that does not exist: defaults of the cluster's drivers stay what they are."""
    csi.needs_groups("GRP-005")
    driver = csi.forsaken_driver()
    csi.labelled(csi.static_claim(csi_source(driver, "volume-1")), COLORED)

    def default() -> Handle:
        annotations = {"groupsnapshot.storage.kubernetes.io/is-default-class": "true"}
        return csi.make_group_class(driver=driver, metadata={"annotations": annotations})

    alone = csi.group(COLORED, cls=None)
    csi.event(alone, "SetDefaultGroupSnapshotClassFailed", "GRP-005")
    first, second = default(), default()
    csi.group_classes_heard()
    torn = csi.group(COLORED, cls=None)
    csi.event(torn, "SetDefaultGroupSnapshotClassFailed", "GRP-005")
    csi.delete(second)
    csi.event(csi.group({"color": "none"}, cls=second.name), "GetGroupSnapshotClassFailed")  # its end is known
    for group in (alone, torn):
        csi.nudge(group)
        csi.wait(group, classed(first.name), "GRP-005")


def classed(name: str) -> Condition:
    return Condition(f"class {name}", lambda body: body["spec"].get("volumeGroupSnapshotClassName") == name)
