"""What a role waits for: for a kind that is not there a while, for a long list as long as it takes."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.controllers.kube.collection import Collection
from pytest_csi_snapshot.reference_impl.controllers.kube.kinds import SNAPSHOT
from pytest_csi_snapshot.reference_impl.controllers.work import process as process_module
from pytest_csi_snapshot.reference_impl.controllers.work.process import Process, StartError

from .fake_kube import FakeKube


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Process:
    monkeypatch.setattr(process_module, "connect", lambda _kubeconfig: None)
    monkeypatch.setattr(process_module, "KubeClient", lambda *_args, **_options: FakeKube())
    args: dict[str, Any] = {
        "leader_election_lease_duration": 15.0,
        "leader_election_renew_deadline": 10.0,
        "leader_election_retry_period": 2.0,
        "kubeconfig": "",
        "kube_api_qps": 1.0,
        "kube_api_burst": 1,
    }
    return Process("snapshot-controller", argparse.Namespace(**args))


def test_a_kind_that_nobody_serves_is_waited_for_no_longer_than_the_limit(process: Process) -> None:
    process.collection(Collection(process.client, SNAPSHOT))
    with pytest.raises(StartError, match=r"cannot list volumesnapshots\.snapshot\.storage\.k8s\.io for 0 s"):
        process._wait_for_kinds(0.0)  # noqa: SLF001


def test_a_list_that_takes_long_is_no_reason_to_give_up(process: Process) -> None:
    snapshots = process.collection(Collection(process.client, SNAPSHOT))
    snapshots.served.set()  # the first page came
    process._wait_for_kinds(0.0)  # noqa: SLF001
    assert not snapshots.synced.is_set()
