"""SEC: secrets that classes name, and the class parameters that are not the driver's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import HAS_ERROR, READY, status_of
from pytest_csi_snapshot.kube.kinds import NAMESPACE, SNAPSHOT_CONTENT
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.reasons import CHECK_FAILED, CREATION_FAILED
from pytest_csi_snapshot.scenario import Scenario, open_shared
from pytest_csi_snapshot.verbs.attempts import CALLING
from pytest_csi_snapshot.verbs.secrets import (
    DELETION_NAME,
    DELETION_NAMESPACE,
    PROVISIONER,
    RESERVED,
    SNAPSHOTTER,
    SNAPSHOTTER_LIST,
    VOLUME_SECRET,
    naming,
)


@pytest.fixture(scope="module")
def csi_source(csi_cluster: Cluster) -> Iterator[Handle]:
    """A claim on an empty volume, of which the tests of this file take snapshots."""
    with open_shared(csi_cluster, "source of snapshots with secrets") as csi:
        claim = csi.volume()
        yield claim
        csi.taken(
            claim
        )  # frees a claim whose last snapshot had no class to settle on: a known deviation (FIN-011)


def refused_without_content(csi: Scenario, clause: str, snapshot: Handle) -> None:
    csi.event(snapshot, "SnapshotContentCreationFailed", clause)
    csi.wait(snapshot, HAS_ERROR, clause)
    made = csi.api.find(SNAPSHOT_CONTENT, None, f"snapcontent-{snapshot.uid}")
    csi.check(clause, expected="no content", observed="a content" if made else "no content", about=snapshot)


@pytest.mark.csi_clause("SEC-001", "ERR-005", "ERR-008")
def test_reserved_parameter_that_nobody_knows_is_an_error(csi: Scenario, csi_source: Handle) -> None:
    """The driver is not called, yet the annotation of a call stays on the content: whoever repairs frees both."""
    unknown = f"{RESERVED}{fresh_name('unknown')}"
    cls = csi.class_with({unknown: "value"})
    snapshot = csi.snapshot(csi_source, cls=cls.name)
    content = csi.content_of(snapshot)
    csi.event(content, CREATION_FAILED, "SEC-001", mentions=unknown, or_else=CHECK_FAILED)
    for broken in (content, snapshot):
        ready = status_of(csi.wait(broken, HAS_ERROR, "SEC-001")).get("readyToUse")
        csi.check("SEC-001", expected=False, observed=bool(ready), about=broken)
    csi.wait(content, CALLING, "ERR-005")

    csi.patch(cls, {"parameters": {unknown: None}})
    csi.nudge(content)
    csi.ready(snapshot, "ERR-008")


@pytest.mark.csi_clause("SEC-002")
def test_half_the_name_of_a_secret_is_an_error(csi: Scenario, csi_source: Handle) -> None:
    whole = naming(SNAPSHOTTER, fresh_name("secret"), csi_source.namespace)
    halves = [csi.class_with({**dict.fromkeys(whole), key: value}) for key, value in whole.items()]
    for snapshot in [csi.snapshot(csi_source, cls=cls.name) for cls in halves]:
        refused_without_content(csi, "SEC-002", snapshot)


def _noted(annotations: dict[str, str]) -> str:
    """Which halves of the name of a deletion secret a content has, whatever they say."""
    halves = {"a name": DELETION_NAME, "a namespace": DELETION_NAMESPACE}
    return " and ".join(half for half, key in halves.items() if annotations.get(key)) or "neither"


@pytest.mark.csi_clause("SEC-003", "SEC-004")
@pytest.mark.parametrize("where", ["${volumesnapshot.namespace}", "${volumesnapshotcontent.name}"])
def test_secret_is_the_one_that_the_tokens_name(csi: Scenario, csi_source: Handle, where: str) -> None:
    held = csi.snapshot_credentials("SEC-003")
    template = "s.${volumesnapshotcontent.name}.${volumesnapshot.namespace}.${volumesnapshot.name}"
    cls = csi.class_with(naming(SNAPSHOTTER, template, where))
    snapshot = csi.snapshot(csi_source, cls=cls.name)
    content = csi.content_of(snapshot, "SEC-003")
    annotations = csi.get(content)["metadata"].get("annotations") or {}
    named = [annotations.get(key) for key in (DELETION_NAME, DELETION_NAMESPACE)]
    home = content.name if "content" in where else snapshot.namespace
    expected = [f"s.{content.name}.{snapshot.namespace}.{snapshot.name}", home]
    csi.check("SEC-004", expected="a name and a namespace", observed=_noted(annotations), about=content)
    csi.check("SEC-003", expected=expected, observed=named, about=content)

    if home == content.name:
        csi.create(NAMESPACE, {"metadata": {"name": home}})
    csi.secret(expected[0], held, home)
    csi.nudge(content)
    csi.ready_with_secret(snapshot, "SEC-003")


@pytest.mark.csi_clause("SEC-003")
@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("s-${volumesnapshot.uid}", "${volumesnapshot.namespace}"),
        ("s", "${volumesnapshot.name}"),
        ("s_${volumesnapshot.name}", "${volumesnapshot.namespace}"),
    ],
    ids=["no such token", "not a token of a namespace", "not a legal name"],
)
def test_illegal_name_of_a_secret_is_an_error(
    csi: Scenario, csi_source: Handle, name: str, namespace: str
) -> None:
    cls = csi.class_with(naming(SNAPSHOTTER, name, namespace))
    refused_without_content(csi, "SEC-003", csi.snapshot(csi_source, cls=cls.name))


@pytest.mark.csi_clause("SEC-004", "STAT-009")
def test_deletion_goes_by_the_secret_of_the_creation(csi: Scenario, csi_source: Handle) -> None:
    held = csi.snapshot_credentials("SEC-004")
    secret = csi.secret(fresh_name("secret"), held)
    cls = csi.class_with(naming(SNAPSHOTTER, secret.name, secret.namespace))
    snapshot = csi.snapshot(csi_source, cls=cls.name)
    content = csi.content_of(snapshot)
    csi.ready_with_secret(snapshot, "SEC-004")
    annotations = csi.get(content)["metadata"].get("annotations") or {}
    named = [annotations.get(key) for key in (DELETION_NAME, DELETION_NAMESPACE)]
    csi.check("SEC-004", expected=[secret.name, secret.namespace], observed=named, about=content)
    csi.patch(cls, {"parameters": naming(SNAPSHOTTER, fresh_name("never"), secret.namespace)})
    csi.classes_heard()
    csi.delete(snapshot)
    csi.gone(content, "SEC-004")
    csi.gone(snapshot, "SEC-004")
    csi.keeps("STAT-009", held)


@pytest.mark.csi_clause("SEC-005", "STAT-001", "STAT-008")
def test_secret_that_comes_late_is_waited_for(csi: Scenario, csi_source: Handle) -> None:
    held = csi.snapshot_credentials("SEC-005")
    name = fresh_name("secret")
    cls = csi.class_with(naming(SNAPSHOTTER, name, csi.namespace))
    snapshot = csi.snapshot(csi_source, cls=cls.name)
    content = csi.content_of(snapshot)
    csi.event(content, "SnapshotCreationFailed", "SEC-005")
    csi.wait(snapshot, HAS_ERROR, "SEC-005")

    csi.secret(name, held)
    csi.nudge(content)
    status = status_of(csi.ready_with_secret(snapshot, "SEC-005"))
    csi.check("SEC-005", expected=True, observed=status["readyToUse"], about=snapshot)
    csi.check("STAT-008", expected=None, observed=status.get("error"), about=snapshot)
    own = status_of(csi.wait(content, READY)).get("error")
    csi.check("STAT-001", expected=None, observed=own, about=f"error of {content}, whose snapshot has none",
              blame="SS")  # fmt: skip


@pytest.mark.csi_clause("SEC-006", "STAT-009")
def test_imported_snapshot_is_looked_up_with_the_list_secret(csi: Scenario, csi_source: Handle) -> None:
    held = csi.snapshot_credentials("SEC-006", SNAPSHOTTER_LIST)
    cls = csi.class_with(naming(SNAPSHOTTER_LIST, "${volumesnapshotcontent.name}", csi.namespace))
    other = csi.class_with(naming(SNAPSHOTTER_LIST, "${volumesnapshot.name}", csi.namespace))
    handle = csi.handle_in(csi.get(csi.content_of(csi.ready_snapshot(csi_source))))
    unknown = csi.backend_answers(csi.import_content("a-handle-that-never-was"))
    if READY.holds(unknown) and not csi.driver_lists():
        csi.not_supported("SEC-006", "the driver does not list snapshots: no secret is used for it", lacks="list")
    content, hopeless = (csi.import_content(handle, cls=each.name) for each in (cls, other))
    for broken in (content, hopeless):
        csi.event(broken, "SnapshotContentCheckandUpdateFailed", "SEC-006")
    csi.secret(content.name, held)
    csi.nudge(content)
    csi.ready_with_secret(content, "SEC-006")
    csi.wait(hopeless, HAS_ERROR, "SEC-006")

    name = csi.api.mark.fresh("content")
    csi.secret(name, held)
    csi.wait(csi.import_content("a-handle-that-never-was", name=name, cls=cls.name), HAS_ERROR)
    csi.keeps("STAT-009", held)  # the last look-up carried the secret and was refused


@pytest.mark.csi_clause("SEC-007")
def test_volume_names_the_secret_of_its_deletion(csi: Scenario) -> None:
    given = csi.storage_parameters()
    held = csi.credentials("SEC-007", given, PROVISIONER)
    secret = csi.secret(fresh_name("secret"), held)
    named = naming(PROVISIONER, secret.name, secret.namespace)
    snapshot = csi.ready_snapshot(csi.volume())
    cls = csi.storage_class_with(parameters={**given, **named})
    size = csi.restore_size(snapshot) or csi.size
    claims = [csi.claim(size, storage_class=cls), csi.claim(size, source=snapshot, storage_class=cls)]
    without = [csi.volume()] if not given.get(f"{RESERVED}provisioner-secret-name") else []
    for claim in [*claims, *without]:
        csi.bound_with_secret(claim, "SEC-007")
        volume = csi.pv_of(claim)
        annotations = csi.get(volume)["metadata"].get("annotations") or {}
        expected = {f"{VOLUME_SECRET}-{what}": "" for what in ("name", "namespace")}
        if claim in claims:
            expected = {f"{VOLUME_SECRET}-name": secret.name, f"{VOLUME_SECRET}-namespace": secret.namespace}
        observed = {key: annotations.get(key) for key in expected}
        csi.check("SEC-007", expected=expected, observed=observed, about=volume)
