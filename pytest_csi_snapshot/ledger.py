"""The list of everything a test made, and its way out of the cluster.

Things go in the order in which a cluster lets go of them: pods, group snapshots, snapshots, contents, claims,
classes, the namespace. What is still there at the limit is a leak, told with the finalizers that hold it
(FIN-011). Retained contents are turned to ``Delete`` first, so that no snapshot is left in the backend
(DEL-006).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_csi_snapshot.conditions import BOUND
from pytest_csi_snapshot.history import History, Json, Version
from pytest_csi_snapshot.holding import hold_on
from pytest_csi_snapshot.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    NAMESPACE,
    POD,
    PV,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    Kind,
)
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import NUDGE, referred
from pytest_csi_snapshot.observing import describe, observations
from pytest_csi_snapshot.owning import OwnedClient
from pytest_csi_snapshot.patience import Patience
from pytest_csi_snapshot.waiting import WaitTimeout, wait_for
from pytest_csi_snapshot.watching import WatchLostError

BOUND_FINALIZER = "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection"
CONTENT_FINALIZER = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection"
CLAIM_FINALIZER = "snapshot.storage.kubernetes.io/pvc-as-source-protection"
RESTORE_FINALIZER = "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection"
BEING_DELETED = "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted"
GROUP_BEING_DELETED = "groupsnapshot.storage.kubernetes.io/volumegroupsnapshot-being-deleted"
LEAK_CLAUSE = "FIN-011"
SNAPSHOTS = (GROUP_SNAPSHOT, SNAPSHOT)
CONTENTS = {GROUP_CONTENT: GROUP_BEING_DELETED, SNAPSHOT_CONTENT: BEING_DELETED}
"""The kinds of contents, each with the annotation that tells its driver's sidecar of a deletion."""
WATCHED = (POD, *SNAPSHOTS, *CONTENTS, PVC, PV)
"""The kinds whose end is waited for; the others go at once."""


class CleanUpError(Exception):
    """The API server refused a step of the clean-up, or was lost during it."""


@dataclass(frozen=True)
class Leak:
    """What did not go, with its last state and what holds it; ``blame`` who has to let it go ("": whom the clause
    names)."""

    about: Handle
    text: str
    blame: str = ""


@dataclass(frozen=True)
class Handle:
    """One object that a test speaks of."""

    kind: Kind
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, kind: Kind, body: Json) -> Handle:
        """The handle of an object that the API server answered with."""
        meta = body["metadata"]
        return cls(kind, meta.get("namespace", ""), meta["name"], meta["uid"])

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


class Ledger:
    """What one test made.

    ``forsaken`` drivers have no controller: their contents are freed by hand (DEL-018). ``borrowed`` contents
    (uids) import a snapshot that belongs to another content: their policy stays ``Retain``. ``patience`` and
    ``release`` are the limits for the end of anything and for that of a volume, in seconds.
    """

    def __init__(self, api: OwnedClient, history: History, *, patience: float, release: float) -> None:
        self._api = api
        self._history = history
        self._patience = patience
        self._release = release
        self.handles: list[Handle] = []
        self._troubles: list[str] = []
        self.forsaken: set[str] = set()
        self.borrowed: set[str] = set()

    def add(self, handle: Handle) -> Handle:
        """Remember an object; it is removed by ``clean_up``."""
        self.handles.append(handle)
        return handle

    @property
    def uids(self) -> list[str]:
        """All that is in the ledger and all that controllers made for it."""
        made = [handle.uid for handle in self.handles]
        return [*made, *(version.uid for kind in (*CONTENTS, SNAPSHOT, PV) for version in self._derived(kind))]

    def made(self, kind: Kind) -> list[str]:
        """The uids of what was made of a kind, by the test or by controllers for it."""
        own = [handle.uid for handle in self.handles if handle.kind == kind]
        return list(dict.fromkeys([*own, *(version.uid for version in self._derived(kind))]))

    def hurry(self, seconds: float) -> None:
        """Let ``clean_up`` wait no longer than so for anything: whoever asks does not care what stays."""
        self._patience, self._release = min(self._patience, seconds), min(self._release, seconds)

    def clean_up(self, *, namespaces: bool = True) -> list[Leak]:
        """Remove everything; the leaks, each with what holds it. ``namespaces``: those too, emptied before.

        Raises CleanUpError, at the end, where something could not even be asked to go: not a fault of the driver.
        """
        self._retire_contents()
        self._delete(POD, grace=1)
        self._delete_waiting()
        for kind in SNAPSHOTS:
            self._delete(kind)
        self._await_gone(SNAPSHOTS, within=min(self._patience, 10.0))
        self._delete_contents()
        self._await_gone(
            (POD,), within=self._patience
        )  # a claim that outlives its pods says what is to be detached
        self._delete(PVC)
        self._delete(PV)
        self._await_gone((POD, *SNAPSHOTS, *CONTENTS, PVC), within=self._patience)
        self._await_gone((PV,), within=self._release)
        leaks = [self._leak(version) for version in self._remaining(WATCHED)]
        for kind in (GROUP_CLASS, SNAPSHOT_CLASS, STORAGE_CLASS, *((NAMESPACE,) if namespaces else ())):
            self._delete(kind)
        if self._troubles:
            raise CleanUpError("; ".join([*self._troubles, *(f"left behind: {leak.text}" for leak in leaks)]))
        return leaks

    # -- steps

    def _delete(self, kind: Kind, *, grace: int | None = None) -> None:
        for handle in self.handles:
            if handle.kind == kind:
                self._delete_one(handle, grace)

    def _delete_one(self, handle: Handle, grace: int | None = None) -> None:
        latest = self._history.latest(handle.uid)
        if latest and latest.deleted:
            return
        try:
            self._api.delete(handle.kind, handle.namespace, handle.name, uid=handle.uid, grace=grace)
        except (ApiError, ApiUnreachableError) as error:
            if not (isinstance(error, ApiError) and error.conflict):  # another of that name, made by a later step
                self._troubles.append(str(error))  # the others are to go all the same

    def _delete_waiting(self) -> None:
        """Claims that wait for their data: they hold the snapshot that it is in (FIN-007), so they go first."""
        for handle in self.handles:
            latest = self._history.latest(handle.uid) if handle.kind == PVC else None
            body = latest.object if latest else {}
            if (body.get("spec") or {}).get("dataSource") and not BOUND.holds(body):
                self._delete_one(handle)

    def _retire_contents(self) -> None:
        """Let contents be deleted with their snapshots."""
        for version in self._contents():
            if version.object["spec"]["deletionPolicy"] == "Retain" and version.uid not in self.borrowed:
                self._patch_content(version, {"spec": {"deletionPolicy": "Delete"}})

    def _delete_contents(self) -> None:
        """Contents that outlived their snapshot: retained ones, imported ones, contents of nothing."""
        for version in self._contents():
            self._delete_one(Handle.of(version.kind, version.object))
            forsaken = version.object["spec"]["driver"] in self.forsaken
            told = {CONTENTS[version.kind]: "yes", NUDGE: "clean-up"}
            freed = {"finalizers": None} if forsaken else {"annotations": told}
            self._patch_content(version, {"metadata": freed})

    def _patch_content(self, version: Version, body: Json) -> None:
        try:
            self._api.patch(version.kind, None, version.name, body)
        except (ApiError, ApiUnreachableError) as error:
            if not (isinstance(error, ApiError) and error.not_found):
                self._troubles.append(str(error))

    def _await_gone(self, kinds: tuple[Kind, ...], *, within: float) -> None:
        """Wait until nothing of these kinds is left; free meanwhile what a forsaken driver holds.

        ``within`` is patience for the next of them: a thousand objects may take as long as they take. What goes is
        counted as it goes, so that not all are looked at whenever one changes.
        """
        left: set[str] = set()
        patience = Patience(within, self._history.clock())

        def hear(version: Version) -> None:
            if version.deleted and version.uid in left:
                left.discard(version.uid)
                patience.moved(version.at)

        def gone_or_stuck() -> Version | bool | None:
            if stuck := self._stuck():
                return stuck
            if not left:
                left.update(self._left(kinds))  # what was made meanwhile
            return None if left else True

        with self._history.heard_by(hear):
            with self._history.arrival:  # what goes before is not among them, and what goes afterwards is heard
                left.update(self._left(kinds))
            while True:
                try:
                    found = wait_for(
                        self._history,
                        gone_or_stuck,
                        clause=LEAK_CLAUSE,
                        awaited="the end of everything the test made",
                        about="clean-up",
                        within=patience.left(self._history.clock()),
                        observed=list,
                    )
                except WaitTimeout:
                    if patience.left(self._history.clock()):
                        continue
                    return  # what remains is told by clean_up, with its story
                except WatchLostError as error:
                    self._troubles.append(str(error))
                    return
                if not isinstance(found, Version):
                    return
                self._patch_content(found, {"metadata": {"finalizers": None}})

    def _stuck(self) -> Version | None:
        """A content that is to go, and whose driver has nobody to let it go (DEL-018)."""
        if not self.forsaken:
            return None
        for version in self._contents():
            meta = version.object["metadata"]
            waits = "deletionTimestamp" in meta and meta.get("finalizers") and self._history.settled(version.uid)
            if waits and version.object["spec"]["driver"] in self.forsaken:
                return version
        return None

    # -- what there is

    def _remaining(self, kinds: Iterable[Kind]) -> list[Version]:
        found: dict[str, Version] = {}
        for kind in kinds:
            made = [self._history.latest(handle.uid) for handle in self.handles if handle.kind == kind]
            for version in [*made, *self._derived(kind)]:
                if version and not version.deleted:
                    found[version.uid] = version
        return list(found.values())

    def _left(self, kinds: Iterable[Kind]) -> set[str]:
        """The uids of what is not gone, those included of which the watch has not brought a version yet."""
        kinds = tuple(kinds)
        unseen = (each.uid for each in self.handles if each.kind in kinds and not self._history.latest(each.uid))
        return {*unseen, *(version.uid for version in self._remaining(kinds))}

    def _derived(self, kind: Kind) -> list[Version]:
        """Contents and volumes that refer to an object in this ledger, and the members of its groups."""
        if kind == SNAPSHOT:
            return self._members()
        if kind not in (*CONTENTS, PV):
            return []
        kinds = (*SNAPSHOTS, PVC)
        mine = {(handle.namespace, handle.name) for handle in self.handles if handle.kind in kinds}
        mine |= {(version.namespace, version.name) for version in self._members()}
        latest = [versions[-1] for versions in self._history.objects(kind)]
        references = [(version, referred(version.object)) for version in latest]
        return [version for version, to in references if (to.get("namespace"), to.get("name")) in mine]

    def _members(self) -> list[Version]:
        """The snapshots that belong to a group in this ledger."""
        groups = {handle.uid for handle in self.handles if handle.kind == GROUP_SNAPSHOT}
        if not groups:
            return []
        latest = [versions[-1] for versions in self._history.objects(SNAPSHOT)]
        return [one for one in latest if any(owner["uid"] in groups for owner in owners_of(one.object))]

    def _contents(self) -> list[Version]:
        return self._remaining(CONTENTS)

    def _leak(self, version: Version) -> Leak:
        about, seen = Handle.of(version.kind, version.object), observations(self._history, version.uid)
        text = f"{_name(version)}: {seen[-1][1] if seen else describe(version)}"
        try:
            hold = hold_on(self._api, version)
        except (ApiError, ApiUnreachableError) as error:
            return Leak(about, f"{text}; what holds it could not be read: {error}")
        return Leak(about, f"{text}; {hold.text}", hold.blame) if hold else Leak(about, text)


def owners_of(body: Json) -> list[Json]:
    """The owner references of an object."""
    return list(body["metadata"].get("ownerReferences") or [])


def _name(version: Version) -> str:
    return f"{version.kind} {version.namespace + '/' if version.namespace else ''}{version.name}"
