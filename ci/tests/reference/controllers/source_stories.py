"""Stories of sources, classes, secrets and imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    NODE,
    PV,
    PVC,
    SECRET,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)

from .stage import NS
from .stories import DEFAULT, PREFIX, SECRET_KEYS, S, Story, content_key, settled, taken
from .whole_stage import Whole

OURS, OTHER = "driver.longhorn.io", "other.example.com"


# ---- sources, classes, secrets


def claim_comes_late(w: Whole) -> None:
    w.snapshot_class()
    settled(w, w.snapshot, w.bound_claim)


def claim_is_dying(w: Whole) -> None:
    claim = w.bound_claim()
    w.snapshot_class()
    meta = {**claim["metadata"], "finalizers": ["kubernetes.io/pvc-protection"]}
    w.change(PVC, objects.key(claim), metadata=meta)
    w.delete(PVC, objects.key(claim))
    settled(w, w.snapshot)


def class_comes_late(w: Whole) -> None:
    w.bound_claim()
    settled(w, w.snapshot, lambda: w.snapshot_class("other"), w.snapshot_class)


def without_class(*classes: tuple[str, str, dict[str, str]]) -> Story:
    """``classes``: name, driver, annotations."""

    def story(w: Whole) -> None:
        w.bound_claim()
        for name, driver, notes in classes:
            made = w.snapshot_class(name, annotations=notes)
            w.change(SNAPSHOT_CLASS, objects.key(made), driver=driver)
        settled(w, lambda: w.snapshot(class_name=None), lambda: w.snapshot_class("late", annotations=DEFAULT))

    return story


def without_class_and_volume(w: Whole) -> None:
    w.claim(bound=False)
    settled(w, lambda: w.snapshot(class_name=None))


def named_beside_default(w: Whole) -> None:
    w.snapshot_class("a-default", "Retain", annotations=DEFAULT)
    taken(w)


def class_of_other_driver(w: Whole) -> None:
    w.bound_claim()
    w.change(SNAPSHOT_CLASS, objects.key(w.snapshot_class()), driver="other.example.com")
    settled(w, w.snapshot)


def parameters(given: dict[str, str]) -> Story:
    def story(w: Whole) -> None:
        taken(w, parameters=given)
        settled(w, lambda: w.delete(SNAPSHOT, S))

    return story


def secret_comes_and_goes(w: Whole) -> None:
    taken(w, parameters=SECRET_KEYS)
    settled(
        w, lambda: w.kube.create(SECRET, {"metadata": {"name": "key", "namespace": NS}, "data": {"a": "Yg=="}})
    )
    w.change(SNAPSHOT_CLASS, "longhorn", parameters={})
    settled(w, lambda: w.delete(SNAPSHOT, S))


def volume_of_a_node(w: Whole) -> None:
    for name in ("n1", "n2"):
        w.kube.create(NODE, {"metadata": {"name": name, "labels": {"host": name}}})
    claim = w.bound_claim()
    term = {"matchExpressions": [{"key": "host", "operator": "In", "values": ["n2"]}]}
    spec = w.see(PV, "pv-c")["spec"]
    w.change(PV, "pv-c", spec={**spec, "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}}})
    assert claim
    w.snapshot_class()
    settled(w, w.snapshot)


# ---- imports


def imported(known: bool = True, *, late: bool = False, **content: Any) -> Story:
    def story(w: Whole) -> None:
        taken(w, "Retain")
        w.snapshot_class("import", annotations=DEFAULT, parameters={f"{PREFIX}snapshotter-list-secret-name": "l"})
        w.snapshot("other")
        w.settle()
        other = w.see(SNAPSHOT_CONTENT, f"snapcontent-{objects.uid(w.seen('other'))}")
        handle = str(other["status"]["snapshotHandle"])
        steps: list[Callable[[], Any]] = [
            lambda: w.static_content(snapshot="i", handle=handle if known else "unknown", **content),
            lambda: w.static_snapshot("i", **({"volumeSnapshotClassName": "longhorn"} if late else {})),
        ]
        settled(w, *(reversed(steps) if late else steps))
        settled(w, lambda: w.static_snapshot("j"), lambda: w.static_snapshot("d", content_key(w)))

    return story


def imported_with_missing_class(w: Whole) -> None:
    w.static_content(volumeSnapshotClassName="never")
    settled(w, lambda: w.static_snapshot(volumeSnapshotClassName="never"))


def imported_and_never_bound(w: Whole) -> None:
    settled(w, lambda: w.static_content(deletionPolicy="Delete"), lambda: w.delete(SNAPSHOT_CONTENT, "k"))


def content_for_nobody(w: Whole) -> None:
    settled(w, lambda: w.static_content(volumeSnapshotRef={"namespace": NS, "name": "never", "uid": "u"}))


def content_of_odd_shape(w: Whole) -> None:
    settled(w, lambda: w.static_content(source={}))


SOURCES: tuple[Story, ...] = (
    claim_comes_late,
    claim_is_dying,
    class_comes_late,
    without_class(),
    without_class(("a", OURS, {}), ("b", OURS, {})),
    without_class(("a", OURS, DEFAULT)),
    without_class(("a", OURS, DEFAULT), ("b", OURS, DEFAULT)),
    without_class(("a", OTHER, DEFAULT), ("b", OURS, DEFAULT)),
    without_class(("a", OURS, {markers.DEFAULT_CLASS: "True"})),
    without_class_and_volume,
    named_beside_default,
    class_of_other_driver,
    parameters({f"{PREFIX}mistyped": "x"}),
    parameters({f"{PREFIX}snapshotter-list-secret-name": "x", "plain": "x"}),
    parameters({f"{PREFIX}snapshotter-secret-name": "key"}),
    parameters({**SECRET_KEYS, f"{PREFIX}snapshotter-secret-name": "${volumesnapshot.uid}"}),
    parameters({**SECRET_KEYS, f"{PREFIX}snapshotter-secret-namespace": "${volumesnapshot.name}"}),
    secret_comes_and_goes,
    volume_of_a_node,
    imported(),
    imported(late=True),
    imported(known=False),
    imported(volumeSnapshotClassName="import"),
    imported_with_missing_class,
    imported_and_never_bound,
    content_for_nobody,
    content_of_odd_shape,
)
