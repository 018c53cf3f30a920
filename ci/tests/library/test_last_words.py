"""What controllers' logs say about an object that was awaited in vain."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.kube.client import Keep, KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.last_words import ends_of_logs, last_words, turn_since

DRIVER = "d.example.com"
LOGS = {
    "controller": "I1 ns/snap-1 seen\nE2 other\nE3 ns/snap-1 cannot: no class\nE4 uid-1 again\nE5 uid-1 last\n",
    "sidecar": "E1 about nothing\n",
    "proxy": "",
}

STATES: dict[str, dict[str, Any]] = {
    "sc-0": {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-05-04T10:20:30Z"}},
    },
    "ss-0": {"state": {"running": {"startedAt": "2026-05-04T10:20:00Z"}}},
    "ss-1": {"state": {"running": {"startedAt": "2026-05-04T10:40:00Z"}}},
}
"""Pod -> the state of its controller."""


def pod(name: str, container: str, image: str, *paths: str) -> dict[str, Any]:
    volumes = [{"name": "v", "hostPath": {"path": path}} for path in paths]
    spec = {"containers": [{"name": "proxy", "image": "proxy:1"}, {"name": container, "image": image}]}
    states = [{"name": container, **STATES.get(name, {})}]
    return {
        "metadata": {"name": name, "namespace": "sys"},
        "spec": {**spec, "volumes": volumes},
        "status": {"containerStatuses": states},
    }


class Pods(KubeClient):
    """Two controllers and their logs; ``refusing`` is the part of a path that may not be read."""

    def __init__(self, refusing: str = "nothing") -> None:
        self.refusing = refusing
        self.asked: list[str] = []
        self.queries: list[dict[str, Any]] = []

    def list(
        self, kind: Kind, namespace: str | None = None, *, keep: Keep = bool, **query: Any
    ) -> list[dict[str, Any]]:
        self._refuse("/pods list")
        pods = [
            pod("sc-0", "controller", "x/snapshot-controller:v8"),
            pod("ss-0", "sidecar", "x/csi-snapshotter:v8", f"/var/lib/kubelet/plugins/{DRIVER}"),
            pod("ss-1", "sidecar", "x/csi-snapshotter:v8", "/var/lib/kubelet/plugins/another"),
        ]
        return [each for each in pods if keep(each)]

    def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        self._refuse(path)
        self.asked.append(path)
        self.queries.append(options["query"])
        return {"text": LOGS[options["query"]["container"]]}

    def _refuse(self, path: str) -> None:
        if self.refusing in path:
            raise ApiError("GET", path, 403, {"reason": "Forbidden"})


def said(client: Pods, kind: str = "VolumeSnapshot", driver: str = DRIVER) -> list[str]:
    return last_words(client, driver, kind, ["snap-1", "uid-1"])


def test_the_newest_lines_that_name_the_object_are_told_with_their_speaker() -> None:
    client = Pods()
    assert said(client) == [
        "snapshot-controller: E3 ns/snap-1 cannot: no class",
        "snapshot-controller: E4 uid-1 again",
        "snapshot-controller: E5 uid-1 last",
        "csi-snapshotter (sys/ss-0): its log does not mention it",
    ]
    assert not any("ss-1" in path for path in client.asked)


def test_what_rbac_does_not_let_is_said() -> None:
    assert "snapshot-controller (sys/sc-0): its log cannot be read: 403 Forbidden" in said(Pods("sc-0/log"))
    assert said(Pods("/pods list")) == ["controllers' logs: pods cannot be listed: 403 Forbidden"]


def test_a_controller_that_is_not_there_is_named() -> None:
    assert said(Pods(), "PersistentVolumeClaim") == [
        "csi-provisioner: no pod of it was found",
        "csi-resizer: no pod of it was found",
    ]
    assert said(Pods(), "Pod") == []


def test_the_ends_of_the_logs_of_all_that_serve_the_driver() -> None:
    client = Pods()
    found = dict(ends_of_logs(client, DRIVER, 2.5))
    assert list(found) == ["snapshot-controller (sys/sc-0)", "csi-snapshotter (sys/ss-0)"]
    assert found["csi-snapshotter (sys/ss-0)"] == ["E1 about nothing"]
    assert {query["sinceSeconds"] for query in client.queries} == {4}


def test_ends_that_cannot_be_read_say_so() -> None:
    assert ends_of_logs(Pods("/pods list"), DRIVER, 1) == [
        ("controllers", ["pods cannot be listed: 403 Forbidden"])
    ]
    refused = dict(ends_of_logs(Pods("sc-0/log"), DRIVER, 1))
    assert refused["snapshot-controller (sys/sc-0)"] == ["this log cannot be read: 403 Forbidden"]


@pytest.mark.parametrize(
    ("kind", "since", "turn"),
    [
        ("VolumeSnapshot", "2026-05-04T10:20:30Z", "snapshot-controller ended at 2026-05-04T10:20:30Z"),
        ("VolumeSnapshot", "2026-05-04T10:20:31Z", "snapshot-controller does not run: CrashLoopBackOff"),
        ("VolumeGroupSnapshot", "2026-05-04T10:20:31Z", "snapshot-controller does not run: CrashLoopBackOff"),
        ("PersistentVolumeClaim", "2026-05-04T09:00:00Z", ""),
        ("Pod", "2026-05-04T09:00:00Z", ""),
    ],
)
def test_a_controller_of_the_driver_that_ended_since_is_named(kind: str, since: str, turn: str) -> None:
    assert turn_since(Pods(), DRIVER, kind, since) == turn


def test_so_is_one_that_is_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(STATES, "sc-0")
    words = turn_since(Pods(), DRIVER, "VolumeSnapshot", "2026-05-04T10:19:59Z")
    assert words == "csi-snapshotter began at 2026-05-04T10:20:00Z"


def test_who_may_not_list_pods_hears_of_none() -> None:
    assert turn_since(Pods("/pods list"), DRIVER, "VolumeSnapshot", "2026-05-04T09:00:00Z") == ""
