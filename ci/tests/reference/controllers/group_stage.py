"""The stage with groups on it: the snapshot-controller's two syncs, and a sidecar that answers when told to."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.reference_impl.controllers import markers
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.groups.snapshots import GroupSnapshots
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError

from .snapshot_stage import Theatre
from .stage import DRIVER, NS

Json = dict[str, Any]

DEFAULT = {markers.DEFAULT_GROUP_CLASS: "true"}
SELECTOR = {"matchLabels": {"set": "x"}}
HANDLE = "group://1"
CUT = 1_700_000_000_000_000_000


class GroupTheatre(Theatre):
    """Claims ``a`` and ``b`` of a set, ``c`` of none, a class, a group ``g``."""

    def sync_group(self, name: str = "g") -> str | None:
        """One look at a group; the text of its failure."""
        try:
            GroupSnapshots(self.cluster).sync(f"{NS}/{name}")
        except SyncError as error:
            return str(error)
        return None

    def sync_members(self) -> None:
        for member in self.members():
            self.sync(objects.name(member))

    def labelled_claim(self, name: str, **options: Any) -> Json:
        """A bound claim of the set."""
        claim = self.bound_claim(name, **options)
        return self.label(claim)

    def label(self, claim: Json) -> Json:
        return self.change(PVC, objects.key(claim), metadata={**claim["metadata"], "labels": {"set": "x"}})

    def group_class(self, name: str = "longhorn", policy: str = "Delete", **more: Any) -> Json:
        meta = {"name": name, "annotations": more.pop("annotations", {})}
        body = {"metadata": meta, "driver": DRIVER, "deletionPolicy": policy, **more}
        return self.kube.create(GROUP_CLASS, body)

    def group(self, name: str = "g", class_name: str | None = "longhorn", **source: Any) -> Json:
        spec: Json = {"source": source or {"selector": SELECTOR}}
        if class_name:
            spec["volumeGroupSnapshotClassName"] = class_name
        return self.kube.create(GROUP_SNAPSHOT, {"metadata": {"name": name, "namespace": NS}, "spec": spec})

    def static_group_content(self, name: str = "k", group: str = "g", **more: Any) -> Json:
        spec = {
            "deletionPolicy": "Delete",
            "driver": DRIVER,
            "source": {
                "groupSnapshotHandles": {"volumeGroupSnapshotHandle": HANDLE, "volumeSnapshotHandles": ["m"]}
            },
            "volumeGroupSnapshotRef": {"namespace": NS, "name": group},
            **more,
        }
        return self.kube.create(GROUP_CONTENT, {"metadata": {"name": name}, "spec": spec})

    def scene(self, **options: Any) -> Json:
        """All of the above; nothing has been looked at."""
        self.labelled_claim("a")
        self.labelled_claim("b")
        self.bound_claim("c")
        self.group_class(**options)
        return self.group()

    def answer_group(self, **status: Any) -> None:
        """Let the sidecar have answered."""
        content = self.group_content()
        members = [
            {
                "volumeHandle": handle,
                "snapshotHandle": f"snap-{handle}",
                "creationTime": CUT,
                "restoreSize": 1 << 30,
                "readyToUse": True,
            }
            for handle in content["spec"]["source"]["volumeHandles"]
        ]
        said = {
            "volumeGroupSnapshotHandle": HANDLE,
            "creationTime": "2023-11-14T22:13:20Z",
            "readyToUse": True,
            "volumeSnapshotInfoList": members,
            **status,
        }
        self.change(GROUP_CONTENT, objects.name(content), status=said)

    def ready_group(self, **options: Any) -> Json:
        """A dynamic group that is ready, as its members are."""
        self.scene(**options)
        self.sync_group()
        self.answer_group()
        self.sync_group()
        self.sync_members()
        self.sync_members()
        assert self.group_status()["readyToUse"] is True
        return self.seen_group()

    def seen_group(self, name: str = "g") -> Json:
        return self.see(GROUP_SNAPSHOT, f"{NS}/{name}")

    def group_status(self, name: str = "g") -> Json:
        return dict(self.seen_group(name).get("status") or {})

    def group_content(self) -> Json:
        return self.see(GROUP_CONTENT, f"groupsnapcontent-{objects.uid(self.seen_group())}")

    def members(self) -> list[Json]:
        items = self.kube.list(SNAPSHOT)["items"]
        return sorted((item for item in items if item["metadata"].get("ownerReferences")), key=objects.name)

    def member_contents(self) -> list[Json]:
        """The contents of the members, in their order."""
        contents = {objects.key(item): item for item in self.kube.list(SNAPSHOT_CONTENT)["items"]}
        by_holder = {item["spec"]["volumeSnapshotRef"]["name"]: item for item in contents.values()}
        return [by_holder[objects.name(member)] for member in self.members()]

    def no_group_contents(self) -> bool:
        return not self.kube.list(GROUP_CONTENT)["items"]
