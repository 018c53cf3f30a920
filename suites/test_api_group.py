"""API-GRP: what the API server must refuse of group snapshots, their contents and their classes.

Each rule (G01 to G21) is tried in every version that is served, on objects that no controller acts on: their
driver, their class and their partner do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from pytest_csi_snapshot.kube.kinds import GROUP_CLASS, GROUP_CONTENT, GROUP_SNAPSHOT, Kind
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.scenario import Scenario

Json = dict[str, Any]

NOBODY = "nobody.example.com"
BY_SELECTOR = {"selector": {"matchLabels": {"color": "none"}}}
BY_CONTENT = {"volumeGroupSnapshotContentName": "nowhere"}
BY_VOLUMES = {"volumeHandles": ["volume-1", "volume-2"]}
BY_GROUP = {
    "groupSnapshotHandles": {"volumeGroupSnapshotHandle": "group-1", "volumeSnapshotHandles": ["cut-1", "cut-2"]}
}
REF = {"name": "group", "namespace": "default"}


@dataclass(frozen=True)
class Rule:
    """One validation rule: ``refused`` for the reason that it ``says``, ``accepted`` although it is near to that.

    Both hold specs of new objects where nothing is ``stored``, else merge patches of the stored object.
    """

    clause: str
    says: str
    refused: tuple[Json, ...]
    accepted: tuple[Json, ...] = ()
    stored: Json | None = None
    status: Json | None = None
    beta1: bool = False


def source(**fields: Any) -> Json:
    """A patch of the source."""
    return {"spec": {"source": fields}}


def swapped(old: Json, new: Json) -> Json:
    """A patch that puts another source in the place of the old one."""
    return source(**dict.fromkeys(old), **new)


def group(origin: Json, **fields: Any) -> Json:
    """The fields of a VolumeGroupSnapshot of a class that does not exist."""
    return {"spec": {"source": origin, "volumeGroupSnapshotClassName": "nowhere", **fields}}


def content(origin: Json, **fields: Any) -> Json:
    """The fields of a VolumeGroupSnapshotContent of a driver that does not exist."""
    whole = {"driver": NOBODY, "deletionPolicy": "Retain", "source": origin, "volumeGroupSnapshotRef": REF}
    return {"spec": {**whole, **fields}}


def rules(**table: Rule) -> pytest.MarkDecorator:
    """One run of the test for each rule, by its name and with the clause that it belongs to."""
    cases = [
        pytest.param(rule, id=name, marks=pytest.mark.csi_clause(rule.clause)) for name, rule in table.items()
    ]
    return pytest.mark.parametrize("rule", cases)


def judge(csi: Scenario, rule: Rule, kind: Kind) -> None:
    """Try what a rule is about in every served version that has it."""
    served = csi.group_versions(rule.clause)
    stored = _stored(csi, kind.at(served[0]), rule) if rule.stored else None
    for version in served:
        if version == "v1beta1" and not rule.beta1:
            continue
        for body in (*rule.refused, *rule.accepted):
            what, attempt = f"{version}: {body}", _attempt(csi, kind.at(version), stored, body)
            if body in rule.accepted:
                csi.accepts(rule.clause, what, attempt)
            else:
                csi.refuses(rule.clause, what, attempt, rule.says)


def _stored(csi: Scenario, kind: Kind, rule: Rule) -> Handle:
    csi.ledger.forsaken.add(NOBODY)
    name = fresh_name("group") if kind.namespaced else csi.api.mark.fresh("group")
    made = csi.create(kind, {"metadata": {"name": name}, **(rule.stored or {})})
    if rule.status:
        csi.patch(made, {"status": rule.status}, subresource="status")
    return made


def _attempt(csi: Scenario, kind: Kind, stored: Handle | None, body: Json) -> Any:
    if stored is None:
        return partial(csi.try_create, kind, **body)
    return partial(
        csi.try_patch, replace(stored, kind=kind), body, subresource="status" if "status" in body else None
    )


@rules(
    G01=Rule("API-GRP-001", "exactly one of selector and volumeGroupSnapshotContentName", beta1=True,
             refused=(group({}), group(BY_SELECTOR | BY_CONTENT)),
             accepted=(group(BY_SELECTOR), group(BY_CONTENT))),
    G02=Rule("API-GRP-001", "selector is immutable", stored=group(BY_SELECTOR), beta1=True,
             refused=(source(selector={"matchLabels": {"color": "other"}}),),
             accepted=(source(**BY_SELECTOR),)),
    G03=Rule("API-GRP-001", "selector is required once set", stored=group(BY_SELECTOR), beta1=True,
             refused=(swapped(BY_SELECTOR, BY_CONTENT), source(selector=None))),
    G04=Rule("API-GRP-001", "volumeGroupSnapshotContentName is immutable", stored=group(BY_CONTENT), beta1=True,
             refused=(source(volumeGroupSnapshotContentName="elsewhere"),),
             accepted=(source(**BY_CONTENT),)),
    G05=Rule("API-GRP-001", "volumeGroupSnapshotContentName is required once set", stored=group(BY_CONTENT),
             refused=(swapped(BY_CONTENT, BY_SELECTOR), source(volumeGroupSnapshotContentName=None)), beta1=True),
    G06=Rule("API-GRP-002", "volumeGroupSnapshotClassName must not be the empty string", beta1=True,
             refused=(group(BY_SELECTOR, volumeGroupSnapshotClassName=""),),
             accepted=(group(BY_SELECTOR), {"spec": {"source": BY_SELECTOR}})),
    G07=Rule("API-GRP-003", "boundVolumeGroupSnapshotContentName is immutable", stored=group(BY_CONTENT),
             status={"boundVolumeGroupSnapshotContentName": "nowhere"},
             refused=({"status": {"boundVolumeGroupSnapshotContentName": "elsewhere"}},),
             accepted=({"status": {"boundVolumeGroupSnapshotContentName": "nowhere"}},)),
)  # fmt: skip
def test_group_snapshot(csi: Scenario, rule: Rule) -> None:
    judge(csi, rule, GROUP_SNAPSHOT)


CLASS = {"driver": NOBODY, "deletionPolicy": "Delete", "parameters": {"key": "value"}}


@rules(
    G08=Rule("API-GRP-004", "driver is immutable", stored=CLASS,
             refused=({"driver": "nothing.example.com"},), accepted=({"driver": NOBODY},)),
    G09=Rule("API-GRP-004", "parameters are immutable", stored=CLASS,
             refused=({"parameters": {"key": "other"}}, {"parameters": {"more": "value"}}),
             accepted=({"parameters": {"key": "value"}},)),
    G10=Rule("API-GRP-004", "deletionPolicy is immutable", stored=CLASS,
             refused=({"deletionPolicy": "Retain"},), accepted=({"deletionPolicy": "Delete"},)),
)  # fmt: skip
def test_group_snapshot_class(csi: Scenario, rule: Rule) -> None:
    judge(csi, rule, GROUP_CLASS)


OTHER_UID = "00000000-0000-0000-0000-000000000002"
WITH_UID = REF | {"uid": "00000000-0000-0000-0000-000000000001"}


def ref(**fields: Any) -> Json:
    """A patch of the reference to the group snapshot."""
    return {"spec": {"volumeGroupSnapshotRef": fields}}


@rules(
    G11=Rule("API-GRP-005", "exactly one of volumeHandles and groupSnapshotHandles", beta1=True,
             refused=(content({}), content(BY_VOLUMES | BY_GROUP)),
             accepted=(content(BY_VOLUMES), content(BY_GROUP))),
    G12=Rule("API-GRP-005", "volumeHandles is immutable", stored=content(BY_VOLUMES), beta1=True,
             refused=(source(volumeHandles=["volume-1"]), source(volumeHandles=["volume-2", "volume-1"])),
             accepted=(source(**BY_VOLUMES),)),
    G13=Rule("API-GRP-005", "volumeHandles is required once set", stored=content(BY_VOLUMES), beta1=True,
             refused=(swapped(BY_VOLUMES, BY_GROUP), source(volumeHandles=None))),
    G14=Rule("API-GRP-005", "groupSnapshotHandles is immutable", stored=content(BY_GROUP), beta1=True,
             refused=(source(groupSnapshotHandles={"volumeGroupSnapshotHandle": "group-2"}),
                      source(groupSnapshotHandles={"volumeSnapshotHandles": ["cut-1"]})),
             accepted=(source(**BY_GROUP),)),
    G15=Rule("API-GRP-005", "groupSnapshotHandles is required once set", stored=content(BY_GROUP), beta1=True,
             refused=(swapped(BY_GROUP, BY_VOLUMES), source(groupSnapshotHandles=None))),
    G16=Rule("API-GRP-006", "driver is immutable", stored=content(BY_GROUP),
             refused=({"spec": {"driver": "nothing.example.com"}},),
             accepted=({"spec": {"deletionPolicy": "Delete"}},)),
    G17=Rule("API-GRP-006", "volumeGroupSnapshotClassName is immutable",
             stored=content(BY_GROUP, volumeGroupSnapshotClassName="nowhere"),
             refused=({"spec": {"volumeGroupSnapshotClassName": "elsewhere"}},),
             accepted=({"spec": {"volumeGroupSnapshotClassName": "nowhere"}},)),
    G18=Rule("API-GRP-006", "both volumeGroupSnapshotRef.name and volumeGroupSnapshotRef.namespace", beta1=True,
             refused=(content(BY_GROUP, volumeGroupSnapshotRef={"name": "group"}),
                      content(BY_GROUP, volumeGroupSnapshotRef={"namespace": "default"})),
             accepted=(content(BY_GROUP),)),
    G19=Rule("API-GRP-006", "volumeGroupSnapshotRef.name and volumeGroupSnapshotRef.namespace are immutable",
             stored=content(BY_GROUP), refused=(ref(name="other"), ref(namespace="other")),
             accepted=(ref(uid=OTHER_UID),)),
    G20=Rule("API-GRP-006", "volumeGroupSnapshotRef.uid is immutable",
             stored=content(BY_GROUP, volumeGroupSnapshotRef=WITH_UID),
             refused=(ref(uid=OTHER_UID), ref(uid=None)), accepted=(ref(**WITH_UID),)),
    G21=Rule("API-GRP-006", "volumeGroupSnapshotHandle is immutable", stored=content(BY_GROUP),
             status={"volumeGroupSnapshotHandle": "group-1"},
             refused=({"status": {"volumeGroupSnapshotHandle": "group-2"}},),
             accepted=({"status": {"volumeGroupSnapshotHandle": "group-1"}},)),
)  # fmt: skip
def test_group_snapshot_content(csi: Scenario, rule: Rule) -> None:
    judge(csi, rule, GROUP_CONTENT)
