"""CLN: sources that cannot be cloned as they are asked to be, and what repairs that."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import BOUND, TERMINATING, Condition, has_finalizer, request_of, status_of
from pytest_csi_snapshot.kube.kinds import PVC
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import CLAIM_FINALIZER, Handle
from pytest_csi_snapshot.quantities import MI, format_quantity
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.static_volumes import CLASS_ANNOTATION, csi_source
from pytest_csi_snapshot.workloads import trees

ALLOW_CHANGE = "snapshot.storage.kubernetes.io/allow-volume-mode-change"
RPC_ERROR = "rpc error"
"""In every message of a provisioner that passes an answer of the driver on; its own refusals have none."""


def refused(csi: Scenario, clone: Handle, clause: str, mentions: str = "") -> None:
    """Check that a clone is told to be impossible before the driver is asked, and stays Pending."""
    __tracebackhide__ = True
    told = csi.event(clone, "ProvisioningFailed", clause, mentions=mentions)["message"]
    csi.check(
        clause,
        expected="a refusal by the provisioner itself",
        observed=told,
        holds=RPC_ERROR not in told,
        about=clone,
    )
    csi.check(clause, expected="Pending", observed=status_of(csi.get(clone)).get("phase"), about=clone)


@pytest.mark.csi_clause("CLN-003")
def test_clone_waits_for_a_pending_source(csi: Scenario) -> None:
    """The source binds only when a pod comes to use it."""
    late = csi.storage_class_with(volumeBindingMode="WaitForFirstConsumer")
    source = csi.claim(storage_class=late)
    clone = csi.clone(source)
    refused(csi, clone, "CLN-003")
    csi.write(source, trees.A)
    csi.bound(source)
    csi.nudge(clone)
    csi.bound(clone, "CLN-003")


@pytest.mark.csi_clause("CLN-003")
def test_source_that_is_to_go_is_not_cloned(csi: Scenario) -> None:
    """A snapshot that never becomes ready keeps the source from going."""
    source = csi.volume()
    csi.snapshot(source, cls=csi.forsaken_class())
    csi.wait(source, has_finalizer(CLAIM_FINALIZER))
    csi.delete(source)
    csi.wait(source, TERMINATING)
    refused(csi, csi.clone(source), "CLN-003")


@pytest.mark.csi_clause("CLN-004")
def test_request_smaller_than_that_of_the_source_is_refused(csi: Scenario) -> None:
    source = csi.volume()
    refused(csi, csi.clone(source, request_of(csi.get(source)) - MI), "CLN-004", mentions="size")


@pytest.mark.csi_clause("CLN-004")
def test_request_of_a_growing_source_counts(csi: Scenario) -> None:
    """The source's capacity may still be the old one: where the node has a step to do, it is."""
    csi.may_grow("CLN-004")
    source = csi.volume()
    csi.expand(source, csi.larger)
    small, enough = csi.clone(source, csi.size), csi.clone(source, csi.larger)
    refused(csi, small, "CLN-004", mentions="size")
    csi.bound(enough, "CLN-004")


@pytest.mark.csi_clause("CLN-004")
def test_source_that_got_more_than_it_asked_for_is_cloned_at_its_request(csi: Scenario) -> None:
    """Whether that is enough is the driver's question: it may round up again, or say that it is not."""
    source = csi.volume(csi.size + 1)
    clone = csi.clone(source, csi.size + 1)

    def answer() -> str:
        told = (str(event.object.get("message", "")) for event in csi.events_of(clone))
        return next((message for message in told if RPC_ERROR in message), "")

    settled = Condition("phase Bound, or the driver's answer", lambda body: BOUND.holds(body) or bool(answer()))
    csi.wait(clone, settled, "CLN-004", within=csi.limits.bind)


@pytest.mark.csi_clause("CLN-006")
def test_source_of_another_driver_is_refused_and_another_class_is_not(csi: Scenario) -> None:
    """The other driver does not exist; its volume has a handle that ours would clone if it were asked."""
    source = csi.volume()
    clone = csi.claim(source=source, storage_class=csi.storage_class_with())
    handle = csi.volume_handle(source)
    foreign = csi.static_claim(csi_source(csi.invented_driver(), handle), storage_class=csi.storage_class)
    refused(csi, csi.clone(foreign), "CLN-006")
    csi.bound(clone, "CLN-006")


@pytest.mark.csi_clause("CLN-007")
@pytest.mark.parametrize(("mode", "other"), [("Filesystem", "Block"), ("Block", "Filesystem")])
def test_clone_in_another_volume_mode_is_refused_whatever_is_annotated(
    csi: Scenario, mode: str, other: str
) -> None:
    """What allows a snapshot to change its mode is put on claim and volume, and allows nothing here."""
    source = csi.volume_of(mode, "CLN-007")
    for bearer in (source, csi.pv_of(source)):
        csi.patch(bearer, {"metadata": {"annotations": {ALLOW_CHANGE: "true"}}})
    refused(csi, csi.clone(source, mode=other), "CLN-007", mentions="mode")


@pytest.mark.csi_clause("CLN-008")
def test_source_without_a_class_name_is_refused_and_with_an_empty_one_is_not(csi: Scenario) -> None:
    """Two claims made by hand on the volume of an ordinary one, which is only read."""
    volume = csi.get(csi.pv_of(csi.volume()))["spec"]["csi"]
    nameless = csi.static_claim(csi_source(volume["driver"], volume["volumeHandle"]), storage_class=None)
    csi.check("CLN-008", expected=None, observed=csi.get(nameless)["spec"].get("storageClassName"), about=nameless)
    refused(csi, csi.clone(nameless), "CLN-008", mentions="cannot be empty")
    empty = csi.static_claim(csi_source(volume["driver"], volume["volumeHandle"]), storage_class="")
    csi.bound(csi.clone(empty), "CLN-008")


@pytest.mark.csi_clause("CLN-008")
def test_clone_without_a_class_name_is_refused(csi: Scenario) -> None:
    """Its class is named by the annotation of old, so that its driver's provisioner takes it up all the same."""
    source = csi.volume()
    clone = csi.create(
        PVC,
        {
            "metadata": {"name": fresh_name("clone"), "annotations": {CLASS_ANNOTATION: csi.storage_class}},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "dataSource": {"kind": PVC.kind, "name": source.name},
                "resources": {"requests": {"storage": format_quantity(csi.size)}},
            },
        },
    )
    refused(csi, clone, "CLN-008", mentions="cannot be empty")
