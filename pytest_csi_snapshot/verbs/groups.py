"""Group snapshots: several volumes cut at one moment, and the snapshots that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import IN_ITS_GROUP, READY
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.discovery import group_versions
from pytest_csi_snapshot.kube.kinds import (
    GROUP_API,
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    SNAPSHOT,
    Kind,
)
from pytest_csi_snapshot.labels import RUN, fresh_name, referred
from pytest_csi_snapshot.ledger import Handle, owners_of
from pytest_csi_snapshot.verbs.witnesses import WitnessVerbs
from pytest_csi_snapshot.waiting import WaitTimeout

Json = dict[str, Any]


class GroupVerbs(WitnessVerbs):
    """Verbs on VolumeGroupSnapshots, their contents and classes, in the best version that the cluster serves."""

    cluster: Cluster
    _spoken: str = ""
    _group_class: str = ""

    def group_versions(self, clause: str) -> tuple[str, ...]:
        """The versions of the group kinds that are served; without any, ``clause`` is not supported here."""
        __tracebackhide__ = True
        served = group_versions(self.station.client)
        if not served:
            why = f"the cluster does not serve {GROUP_API}: its CRDs are not installed"
            self.not_supported(clause, why, lacks="group")
        self._spoken = served[0]
        self.station.watch_groups(self._spoken)
        return served

    def needs_groups(self, clause: str) -> None:
        """Go on only where the driver claims group snapshots: there is a VolumeGroupSnapshotClass of it."""
        __tracebackhide__ = True
        self.group_versions(clause)
        classes = self.api.list(self.spoken(GROUP_CLASS))
        found = [cls for cls in classes if cls["driver"] == self.cluster.driver and not _of_a_run(cls)]
        if not found:
            self.not_supported(
                clause,
                f"no VolumeGroupSnapshotClass of {self.cluster.driver}: it claims no group snapshots",
                lacks="group",
            )
        self._group_class = self.cluster.group_class or min(cls["metadata"]["name"] for cls in found)

    def spoken(self, kind: Kind) -> Kind:
        """A group kind in the version that this test speaks."""
        return kind.at(self._spoken)

    # -- classes

    def group_class(self, policy: str = "Delete") -> str:
        """The name of a class of the driver with this policy: the given one, or a new one like it."""
        given = self._given_class()
        return self._group_class if given["deletionPolicy"] == policy else self.make_group_class(policy).name

    def make_group_class(self, policy: str = "Delete", **changes: Any) -> Handle:
        """A new class like the given one, with this policy and other changes of top-level fields."""
        given = self._given_class()
        body: Json = {key: given[key] for key in ("driver", "parameters") if key in given}
        meta = {"name": self.api.mark.fresh("class"), **changes.pop("metadata", {})}
        return self.create(
            self.spoken(GROUP_CLASS), {**body, "deletionPolicy": policy, **changes, "metadata": meta}
        )

    def _given_class(self) -> Json:
        return self.api.get(self.spoken(GROUP_CLASS), None, self._group_class)

    def group_classes_heard(self) -> None:
        """``classes_heard`` for the classes of groups."""
        __tracebackhide__ = True
        cls = self.make_group_class()
        probe = self.group({"color": "none"}, cls=cls.name)
        self.event(probe, "GroupSnapshotContentCreationFailed")
        self.delete(cls)
        self.nudge(probe)
        self.event(probe, "GetGroupSnapshotClassFailed")

    # -- groups and their members

    def labelled(self, claim: Handle, labels: Mapping[str, str]) -> Handle:
        """The claim, with labels by which a group takes it."""
        self.patch(claim, {"metadata": {"labels": dict(labels)}})
        return claim

    def group(self, labels: Mapping[str, str], *, cls: str | None = "", **selector: Any) -> Handle:
        """A new group snapshot of all claims with these labels; not waited for. ``cls`` None names no class."""
        named = {} if cls is None else {"volumeGroupSnapshotClassName": cls or self.group_class()}
        source = {"selector": {**({"matchLabels": dict(labels)} if labels else {}), **selector}}
        return self._make_group({"source": source, **named})

    def ready_group(self, labels: Mapping[str, str], *, cls: str = "") -> Handle:
        """A new group snapshot, ready; its members may be so only a little later (GRP-001)."""
        __tracebackhide__ = True
        taken = self.group(labels, cls=cls)
        self.group_ready(taken)
        return taken

    def group_ready(self, group: Handle, clause: str = "") -> Json:
        """The group once its status says that it is ready."""
        __tracebackhide__ = True
        return self.wait(group, READY, clause, within=self.limits.snapshot)

    def _make_group(self, spec: Json, name: str = "") -> Handle:
        return self.create(
            self.spoken(GROUP_SNAPSHOT), {"metadata": {"name": name or fresh_name("group")}, "spec": spec}
        )

    def group_content_of(self, group: Handle, clause: str = "") -> Handle:
        """The content that refers to a group snapshot, as soon as there is one."""
        __tracebackhide__ = True

        def made() -> Version | None:
            found = (versions[-1] for versions in self.history.objects(GROUP_CONTENT))
            return next((v for v in found if referred(v.object).get("uid") == group.uid), None)

        found = self._await(group, made, "a VolumeGroupSnapshotContent that refers to it", clause, None)
        return Handle.of(self.spoken(GROUP_CONTENT), found.object)

    def members(self, group: Handle, count: int, clause: str = "") -> list[Handle]:
        """The members of a group, by name, once ``count`` of them are ready and name their group."""
        __tracebackhide__ = True

        def all_there() -> Version | None:
            found = [version for version in self._members_of(group) if IN_ITS_GROUP.holds(version.object)]
            return found[-1] if len(found) >= count else None

        awaited = f"{count} members that are ready and name it"
        try:
            self._await(group, all_there, awaited, clause, self.limits.snapshot)
        except WaitTimeout as error:
            error.blame = self._who_left_one_out(group, count)
            raise
        found = sorted(self._members_of(group), key=lambda version: version.name)
        return [Handle.of(SNAPSHOT, version.object) for version in found]

    @quiet
    def _who_left_one_out(self, group: Handle, count: int) -> str:
        """Who has less than ``count`` members: the controller that chooses and makes them, sidecar, or driver."""
        contents = (versions[-1].object for versions in self.history.objects(GROUP_CONTENT))
        content = next((body for body in contents if referred(body).get("uid") == group.uid), {})
        volumes = ((content.get("spec") or {}).get("source") or {}).get("volumeHandles") or []
        status = content.get("status") or {}
        listed = status.get("volumeSnapshotInfoList") or status.get("volumeSnapshotHandlePairList") or []
        return "SC" if len(volumes) < count or len(listed) >= count else self.has_cut_all(volumes)

    def _members_of(self, group: Handle) -> list[Version]:
        latest = (versions[-1] for versions in self.history.objects(SNAPSHOT))
        return [
            version
            for version in latest
            if not version.deleted and any(owner["uid"] == group.uid for owner in owners_of(version.object))
        ]

    # -- groups that were cut before

    def import_group_content(
        self, handle: str, members: list[str], *, group: str, policy: str = "Retain"
    ) -> Handle:
        """A pre-provisioned content for a group that exists in the backend, reserved for a VolumeGroupSnapshot.

        With ``Retain`` it is only borrowed: clean-up never deletes what it refers to.
        """
        handles = {"volumeGroupSnapshotHandle": handle, "volumeSnapshotHandles": members}
        content = self.create(
            self.spoken(GROUP_CONTENT),
            {
                "metadata": {"name": self.api.mark.fresh("content")},
                "spec": {
                    "driver": self.cluster.driver,
                    "deletionPolicy": policy,
                    "source": {"groupSnapshotHandles": handles},
                    "volumeGroupSnapshotRef": {"name": group, "namespace": self.namespace},
                },
            },
        )
        if policy == "Retain":
            self.ledger.borrowed.add(content.uid)
        return content

    def imported_group(self, content: Handle, *, name: str) -> Handle:
        """A VolumeGroupSnapshot that names a content."""
        return self._make_group({"source": {"volumeGroupSnapshotContentName": content.name}}, name)


def _of_a_run(body: Json) -> bool:
    """Some run of ours has made it, and will remove it: another test, perhaps in another process."""
    return RUN in (body["metadata"].get("labels") or {})
