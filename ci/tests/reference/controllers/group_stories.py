"""Stories of group snapshots."""

from __future__ import annotations

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    PVC,
    SNAPSHOT,
)

from .stage import NS
from .stories import Story, settled
from .whole_stage import Whole

# ---- groups


def group(policy: str = "Delete") -> Story:
    def story(w: Whole) -> None:
        w.snapshot_class()
        settled(w, lambda: w.scene(policy=policy))
        member = w.members()[0]
        restore = {"kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io", "name": objects.name(member)}
        settled(w, lambda: w.delete(SNAPSHOT, objects.key(member)))
        claim = w.claim("r", bound=False, dataSource=restore)
        settled(w, lambda: w.delete(GROUP_SNAPSHOT, f"{NS}/g"), lambda: w.delete(PVC, objects.key(claim)))
        for left in w.members():
            w.delete(SNAPSHOT, objects.key(left))
        w.settle()

    return story


def group_with_expressions(w: Whole) -> None:
    w.scene()
    expression = {"key": "set", "operator": "In", "values": ["y"]}
    settled(w, lambda: w.group("e", selector={"matchExpressions": [expression]}))


def group_without_claims(w: Whole) -> None:
    w.group_class()
    settled(w, w.group, lambda: w.labelled_claim("a"))


def group_without_class(w: Whole) -> None:
    w.labelled_claim("a")
    for name in ("x", "y"):
        w.group_class(name, annotations={markers.DEFAULT_GROUP_CLASS: "true"})
    settled(w, lambda: w.group(class_name=None), lambda: w.group("n", class_name="never"))


def group_imported(w: Whole) -> None:
    settled(w, lambda: w.scene(policy="Retain"))
    (content,) = w.kube.list(GROUP_CONTENT)["items"]
    handle = content["status"]["volumeGroupSnapshotHandle"]
    members = [each["snapshotHandle"] for each in content["status"]["volumeSnapshotInfoList"]]
    settled(w, lambda: w.delete(GROUP_SNAPSHOT, f"{NS}/g"))
    handles = {"volumeGroupSnapshotHandle": handle, "volumeSnapshotHandles": members}
    w.static_group_content("gk", "gi", source={"groupSnapshotHandles": handles})
    w.group("gi", volumeGroupSnapshotContentName="gk")
    w.static_content("mk", "mi", handle=members[0])
    settled(w, lambda: w.static_snapshot("mi", "mk"))


GROUPS: tuple[Story, ...] = (
    group(),
    group("Retain"),
    group_with_expressions,
    group_without_claims,
    group_without_class,
    group_imported,
)
