"""The stage with snapshot-controller and csi-snapshotter on it, a driver behind, and a record of what is seen.

``settle`` lets both look at every object, in an order that is always the same, until nothing changes any more: so
two runs of one story differ only where a fault makes them differ.
"""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace
from typing import Any

from pytest_csi_snapshot.reference_impl.controllers.csi.sidecar import Peer
from pytest_csi_snapshot.reference_impl.controllers.kube import objects
from pytest_csi_snapshot.reference_impl.controllers.kube.errors import ApiError
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_SNAPSHOT,
    NODE,
    PVC,
    SNAPSHOT,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
)
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller import finalizers
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.cluster import Cluster
from pytest_csi_snapshot.reference_impl.controllers.snapshot_controller.main import Controller
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.contents import Contents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.groups.contents import GroupContents
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.groups.inputs import GroupInputs
from pytest_csi_snapshot.reference_impl.controllers.snapshotter.inputs import Inputs, Naming
from pytest_csi_snapshot.reference_impl.controllers.work.loop import SyncError
from pytest_csi_snapshot.reference_impl.faults import registry

from .fake_csi import FakeDriver
from .group_stage import GroupTheatre

ROUNDS = 8
SEEN = (SNAPSHOT, SNAPSHOT_CONTENT, GROUP_SNAPSHOT, GROUP_CONTENT, PVC)


class Told:
    """Takes the place of one recorder of events."""

    def __init__(self, source: str, record: list[Any]) -> None:
        self._source, self._record = source, record

    def event(self, about: Any, type_: str, reason: str, message: str) -> None:
        self._record.append([self._source, about["kind"], objects.key(about), type_, reason, message])

    def flush(self, _timeout: float) -> None:
        """All are sent."""


class Whole(GroupTheatre):
    """Both roles on one server, with these faults."""

    def __init__(self, driver: FakeDriver, peer: Peer, faults: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.driver, self.record = driver, list[Any]()
        told: Any = Told("snapshot-controller", self.record)
        names = ("snapshots", "contents", "classes", "claims", "volumes")
        groups = ("group_snapshots", "group_contents", "group_classes")
        parts: dict[str, Any] = {name: getattr(self.cluster, name) for name in (*names, *groups)}
        self.cluster = Cluster(**parts, events=told, nodes=self.direct(NODE))
        process: Any = SimpleNamespace(
            client=self.kube, _candidate=self._candidate, _wait_for_kinds=self.record.append
        )
        self.controller = Controller(process, self.cluster)
        registry.activate("snapshot-controller", _of("snapshot-controller", faults), self.controller)

        events: Any = Told("csi-snapshotter", self.record)
        contents, classes = self.direct(SNAPSHOT_CONTENT), self.direct(SNAPSHOT_CLASS)
        naming = Naming(extra_metadata=True)
        self.sidecar: Any = SimpleNamespace(
            process=process,
            _contents=contents,
            contents=Contents(peer, contents, classes, events, Inputs(classes, naming)),
            group_contents=GroupContents(
                peer,
                self.direct(GROUP_CONTENT),
                self.direct(GROUP_CLASS),
                events,
                GroupInputs(self.direct(GROUP_CLASS), naming),
            ),
        )
        registry.activate("csi-snapshotter", _of("csi-snapshotter", faults), self.sidecar)
        self._before: dict[str, Any] = {}

    def settle(self) -> None:
        """Look at everything until nothing changes, then note what there is."""
        for _ in range(ROUNDS):
            before = self._keys()
            self._look()
            if self._keys() == before:
                break
        self.record.append([_plain(each) for kind in SEEN for each in self.kube.list(kind)["items"]])
        self.record.append(sorted(self.driver.snapshots))

    def _look(self) -> None:
        for key in self._keys(SNAPSHOT):
            now = self.kube.peek(SNAPSHOT, key)
            self.controller.operations.changed(self._before.get(key), now)
            self._before[key] = now
        for kind, part in (
            (GROUP_SNAPSHOT, self.controller.groups),
            (GROUP_CONTENT, self.controller.group_contents),
            (GROUP_CONTENT, self.sidecar.group_contents),
            (SNAPSHOT, self.controller.snapshots),
            (SNAPSHOT_CONTENT, self.controller.contents),
            (SNAPSHOT_CONTENT, self.sidecar.contents),
        ):
            for key in self._keys(kind):
                self._try(part.sync, key)
        for key in self._keys(PVC):
            self._try(lambda claim: finalizers.release_claim(self.cluster, claim), key)
        for key in [key for key in self._before if not self.kube.peek(SNAPSHOT, key)]:
            self.controller.operations.changed(self._before.pop(key), None)

    def _try(self, sync: Any, key: str) -> None:
        try:
            sync(key)
        except SyncError as error:
            self.record.append([key, str(error), error.after is not None])
        except ApiError as error:
            self.record.append([key, str(error)])
        except Exception as error:
            # As the loop of a role does: a defect on one object must not end the work on the others.
            self.record.append([key, repr(error)])

    def metrics(self) -> None:
        """Note which durations a scrape would tell."""
        lines = self.controller.operations.text().splitlines()
        self.record.append([line for line in lines if "_count" in line or "in_flight " in line])

    def told(self) -> str:
        """All that was seen, as text."""
        versions = [event["object"] for kind, event in self.kube.log if kind is SNAPSHOT]
        ready = [(objects.key(each), (each.get("status") or {}).get("readyToUse")) for each in versions]
        calls = [str(call) for call in self.driver.calls]
        return json.dumps([self.record, calls, [key for key, _ in itertools.groupby(ready)]], default=str)

    def _keys(self, *kinds: Any) -> dict[str, str]:
        found = [each for kind in kinds or SEEN for each in self.kube.list(kind)["items"]]
        return {objects.key(each): each["metadata"]["resourceVersion"] for each in found}

    def _candidate(self, lease: str) -> Any:
        return SimpleNamespace(
            _until=0.0,
            hold=lambda _lost: self.record.append(f"renews {lease}"),
            release=lambda: self.record.append(f"releases {lease}"),
            _spec=lambda spec: {**spec, "leaseDurationSeconds": 15},
        )


def _of(role: str, faults: tuple[str, ...]) -> list[str]:
    return [name for name in faults if name in registry.names(role)]


def _plain(obj: Any) -> Any:
    """An object without what changes with each write."""
    meta = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
    spec = json.loads(json.dumps(obj["spec"]))
    for field in ("volumeSnapshotRef", "volumeGroupSnapshotRef"):
        (spec.get(field) or {}).pop("resourceVersion", None)
    return {"kind": obj["kind"], "metadata": meta, "spec": spec, "status": obj.get("status")}
