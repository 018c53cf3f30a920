"""What keeps a volume that is to go is told with whose part it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.holding import hold_on
from pytest_csi_snapshot.kube.kinds import EVENT, PV, PVC, SNAPSHOT, VOLUME_ATTACHMENT, Kind

from .objects import Json, Recorded, meta, snapshot

REFUSAL = "rpc error: code = Internal desc = disk on fire"


class Lists:
    """Answers of an API server; ``asked`` has the selectors."""

    def __init__(self, **answers: list[Json]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def list(self, kind: Kind, namespace: str | None = None, **query: Any) -> list[Json]:
        self.asked.append(query.get("fieldSelector", ""))
        return self.answers.get(kind.plural, [])


def seen(kind: Kind, body: Json) -> Version:
    latest = Recorded().told(kind, body).latest(body["metadata"]["uid"])
    assert latest is not None
    return latest


def attachment(volume: str = "pv", *, going: bool = True, error: str = "") -> Json:
    more: Json = {"deletionTimestamp": "now", "finalizers": ["external-attacher/d"]} if going else {}
    status: Json = {"attached": True, **({"detachError": {"message": error}} if error else {})}
    spec = {"attacher": "d", "nodeName": "node-1", "source": {"persistentVolumeName": volume}}
    return {"metadata": meta("csi-1", **more), "spec": spec, "status": status}


def refusal(message: str, when: str) -> Json:
    body = {"reason": "VolumeFailedDelete", "message": message, "lastTimestamp": when}
    return {"metadata": meta(f"e-{when}"), **body}


@pytest.mark.parametrize(
    ("answers", "text", "blame"),
    [
        ({VOLUME_ATTACHMENT.plural: [attachment(going=False)]}, "nobody has asked for its deletion", "CORE"),
        ({VOLUME_ATTACHMENT.plural: [attachment()]}, r"finalizers \['d'\], no detachError", "EA"),
        ({VOLUME_ATTACHMENT.plural: [attachment(error="busy")]}, "detachError: busy", "EA"),
        ({VOLUME_ATTACHMENT.plural: [attachment(error=REFUSAL)]}, "detachError: rpc error", "DRV"),
        ({EVENT.plural: [refusal("last", "2"), refusal(REFUSAL, "1")]}, "VolumeFailedDelete: last", "EP"),
        ({EVENT.plural: [refusal(REFUSAL, "2"), refusal("first", "1")]}, "VolumeFailedDelete: rpc error", "DRV"),
        ({VOLUME_ATTACHMENT.plural: [attachment(going=False), attachment()]}, "is terminating", "EA"),
        ({VOLUME_ATTACHMENT.plural: [attachment("other")]}, "not attached, and no event", "EP"),
    ],
)
def test_what_keeps_a_released_volume(answers: dict[str, list[Json]], text: str, blame: str) -> None:
    hold = hold_on(
        Lists(**answers), seen(PV, {"metadata": meta("pv"), "spec": {}, "status": {"phase": "Released"}})
    )
    assert hold is not None
    assert hold.blame == blame
    assert re.search(text, hold.text)


def test_other_kinds_tell_by_themselves_what_holds_them() -> None:
    api = Lists()
    assert hold_on(api, seen(SNAPSHOT, snapshot())) is None
    assert api.asked == []


CLONING = "provisioner.storage.kubernetes.io/cloning-protection"
RESTORING = "provisioner.storage.kubernetes.io/volumesnapshot-as-source-protection"
SOURCE = "snapshot.storage.kubernetes.io/pvc-as-source-protection"


@pytest.mark.parametrize(
    ("kind", "finalizers", "blame"),
    [
        (PVC, [CLONING], "EP"),
        (SNAPSHOT, [RESTORING], "EP"),
        (PVC, [SOURCE], "SC"),
        (PVC, [SOURCE, CLONING], ""),
        (PVC, [CLONING, "kubernetes.io/pvc-protection"], ""),
        (PVC, ["kubernetes.io/pvc-protection"], "CORE"),
        (SNAPSHOT, ["snapshot.storage.kubernetes.io/volumesnapshot-bound-protection"], ""),
        (PVC, [], ""),
    ],
)
def test_who_has_to_take_away_the_last_finalizer(kind: Kind, finalizers: list[str], blame: str) -> None:
    going = {"metadata": meta("p", namespace="ns", deletionTimestamp="now", finalizers=finalizers), "spec": {}}
    hold = hold_on(Lists(), seen(kind, going))
    assert (hold.blame if hold else "") == blame


def test_what_is_not_to_go_is_held_by_nobody() -> None:
    staying = {"metadata": meta("p", namespace="ns", finalizers=[CLONING]), "spec": {}}
    assert hold_on(Lists(), seen(PVC, staying)) is None
