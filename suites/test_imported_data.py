"""SNAP-PRE: what an imported snapshot needs and brings with it: its data, and the secret of its deletion."""

from __future__ import annotations

import pytest

from pytest_csi_snapshot.conditions import HAS_ERROR, TERMINATING, status_of
from pytest_csi_snapshot.kube.kinds import SECRET
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.verbs.snapshots import KNOWN_OR_NOT, Taken
from pytest_csi_snapshot.workloads import trees

PARAMETER = "csi.storage.k8s.io/snapshotter-secret"
DELETION_SECRET = "snapshot.storage.kubernetes.io/deletion-secret"
KEY = {"stringData": {"key": "value"}}


@pytest.mark.csi_clause("SNAP-PRE-006")
def test_imported_snapshot_holds_the_files_of_the_retained_one(csi: Scenario) -> None:
    claim = csi.volume()
    csi.write(claim, trees.A)
    source = csi.taken(claim, cls=csi.snapshot_class("Retain"))
    snapshot = csi.inherit(source).snapshot
    restored = csi.restore(snapshot)
    csi.holds("SNAP-PRE-006", trees.A, csi.read(restored, "SNAP-PRE-006"), restored)


@pytest.mark.csi_clause("SNAP-PRE-006")
def test_imported_snapshot_holds_the_bytes_of_the_retained_one(csi: Scenario) -> None:
    claim = csi.block_volume("SNAP-PRE-006")
    pattern = csi.write_block(claim, "alpha")
    source = csi.taken(claim, cls=csi.snapshot_class("Retain"))
    snapshot = csi.inherit(source, mode="Block").snapshot
    restored = csi.restore(snapshot, mode="Block")
    csi.holds_block("SNAP-PRE-006", pattern, csi.read_block(restored, pattern, "SNAP-PRE-006"), restored)


def retained_with_a_secret(csi: Scenario, secret: Handle) -> Taken:
    """A retained snapshot whose content bears the annotations with a secret of ours; unknown without the right."""
    keys = {f"{PARAMETER}-name": secret.name, f"{PARAMETER}-namespace": secret.namespace}
    snapshot = csi.snapshot(csi.volume(), cls=csi.derived_class("Retain", **keys).name)
    content = csi.content_of(snapshot)
    answer = csi.wait(content, KNOWN_OR_NOT, within=csi.limits.snapshot)
    if HAS_ERROR.holds(answer):
        csi.delete(snapshot)
        csi.gone(snapshot)
        csi.delete(content)
        csi.free(content)  # its driver was never asked
        csi.unknown(
            "SNAP-PRE-009", f"no snapshot with a secret of ours: {status_of(answer)['error'].get('message')}"
        )
    return Taken(snapshot, content, csi.handle_in(answer))


@pytest.mark.csi_clause("SNAP-PRE-009")
def test_secret_of_the_deletion_is_the_one_that_the_content_names(csi: Scenario) -> None:
    """The annotations are copied from the dynamic content; without their secret nothing is deleted."""
    secret = csi.create(SECRET, KEY)
    source = retained_with_a_secret(csi, secret)
    annotations = csi.get(source.content)["metadata"].get("annotations") or {}
    copied = {key: value for key, value in annotations.items() if key.startswith(DELETION_SECRET)}
    whole = csi.inherit(source, annotations=copied)

    csi.delete(secret)
    csi.delete(whole.snapshot)
    csi.wait(whole.content, TERMINATING)
    csi.event(whole.content, "SnapshotDeleteError", "SNAP-PRE-009")
    csi.create(SECRET, {**KEY, "metadata": {"name": secret.name}})
    csi.nudge(whole.content)
    csi.gone(whole.content, "SNAP-PRE-009")
