"""Tests that ask for another kind of driver: who gets one, and what is said where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_csi_snapshot.companions import COMPANIONS
from pytest_csi_snapshot.fixtures.companions import instances, joining, servers
from pytest_csi_snapshot.fixtures.installing import manifests

from .conftest import Demo

SERVER = {
    "CONTROL_PLANE_IMAGE": "programs",
    "PKI": "/pki",
    "PORT": "6444",
    "SERVER_ARGUMENTS": "[--a]",
    "KUBECONFIG": "/pki/kubeconfig",
    "ETCD_PORT": "1",
    "ETCD_PEER_PORT": "2",
}
ABOUT = {"faults": (), "profile": "current", "feature_gates": "", "nodes": 2}

CLONE = """
@pytest.mark.csi_companion("no-clone")
@pytest.mark.csi_clause("CLN-010")
def test_clone(csi):
    raise AssertionError("ran on the wrong driver")
"""


def test_every_name_has_an_instance() -> None:
    assert set(instances.COMPANIONS) == set(COMPANIONS)


@pytest.mark.parametrize("name", COMPANIONS)
def test_the_objects_of_an_instance_are_its_own(name: str) -> None:
    asked = instances.companion(name)
    objects = joining.objects_of(asked.instance, "driver.longhorn.io", ABOUT, SERVER)
    if not asked.instance.common:
        assert [body["kind"] for body in objects] == [
            "Namespace",
            "ServiceAccount",
            "ClusterRoleBinding",
            "Deployment",
        ]
        return
    made = {(body["kind"], body["metadata"]["name"]) for body in objects}
    assert ("CSIDriver", f"{asked.instance.name}.driver.longhorn.io") in made
    assert ("StorageClass", asked.instance.name) in made
    assert ("VolumeSnapshotClass", asked.snapshot_class or asked.instance.name) in made
    words = json.dumps(objects)
    assert all(f'"--trait", "{trait}"' in words for trait in asked.instance.traits)
    assert manifests.FAULTS_HERE not in words


def test_old_crds_have_no_rules() -> None:
    schema = {"properties": {"a": {"x-kubernetes-validations": [{"rule": "x"}], "type": "object"}}}
    assert servers.without_rules([schema]) == [{"properties": {"a": {"type": "object"}}}]


def test_elsewhere_the_clause_is_not_supported(demo: Demo) -> None:
    demo.suite(test_one=CLONE)
    result = demo.run("-rs")
    result.stdout.fnmatch_lines(
        ["not supported: CLN-010: runs on a companion of the reference driver only: one that cannot clone volumes"]
    )
    assert result.ret == 5


def test_or_itself_runs_on_the_driver_under_test(demo: Demo) -> None:
    demo.suite(
        test_one=CLONE.replace('"no-clone")', '"no-clone", or_itself=True)')
        .replace("test_clone(csi)", "test_clone(csi_recorder, csi_cluster, request)")
        .replace(
            'raise AssertionError("ran on the wrong driver")',
            "from pytest_csi_snapshot.companions import instance_for\n"
            "    found = instance_for(request.node, csi_cluster, csi_recorder)\n"
            '    csi_recorder.check("CLN-010", expected="driver.longhorn.io", observed=found.driver)',
        )
    )
    result = demo.run()
    assert result.ret == 0
    assert "on companion" not in result.stdout.str()


def test_a_result_says_which_companion_showed_it(demo: Demo) -> None:
    body = """
from dataclasses import replace
from pytest_csi_snapshot import companions

def join(cluster, name):
    return replace(cluster, driver=f"{name}.example.com")

def on(request, csi_cluster, csi_recorder):
    companions.JOIN = f"{__name__}:join"
    return companions.instance_for(request.node, replace(csi_cluster, provider="embedded"), csi_recorder)

@pytest.mark.csi_companion("no-clone")
@pytest.mark.csi_clause("CLN-010")
def test_clone(request, csi_cluster, csi_recorder):
    on(request, csi_cluster, csi_recorder)
    csi_recorder.check("CLN-010", expected=1, observed=1)

@pytest.mark.csi_companion("no-list")
@pytest.mark.csi_clause("SNAP-PRE-005")
def test_list(request, csi_cluster, csi_recorder):
    on(request, csi_cluster, csi_recorder)
    csi_recorder.check("SNAP-PRE-005", expected=1, observed=2)
"""
    demo.suite(test_one=body)
    result = demo.run("--junitxml=junit.xml")
    result.stdout.fnmatch_lines(
        ["  seen on        companion no-list.example.com", "passed on companion no-clone.example.com: CLN-010"]
    )
    assert '"csi_seen_on" value="companion no-clone.example.com"' in Path("junit.xml").read_text()


def test_an_unknown_companion_is_named_before_anything_starts(demo: Demo) -> None:
    demo.suite(test_one=CLONE.replace("no-clone", "no-clones"))
    result = demo.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: *test_one.py:4: unknown companion 'no-clones' in csi_companion; did you mean 'no-clone'?"]
    )
    assert demo.log == []


def test_the_plan_shows_companions(demo: Demo) -> None:
    demo.suite(test_one=CLONE)
    result = demo.run("--csi-list", "--csi-clauses=CLN-010")
    result.stdout.fnmatch_lines(["CLN-010 * MUST * demo/suites/test_one.py::test_clone  on companion no-clone"])
