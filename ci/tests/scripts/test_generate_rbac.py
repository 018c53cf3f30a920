"""The generator of the roles: what was used is granted, and nothing else."""

from __future__ import annotations

import json

import generate_rbac as rbac
import yaml
from generate_rbac import Right

from pytest_csi_snapshot.access import OURS

from .audited import event

PODS = Right("", "pods", "list")
PATCH = Right("snapshot.storage.k8s.io", "volumesnapshots", "patch")
STATUS = Right("snapshot.storage.k8s.io", "volumesnapshots/status", "patch")


def test_what_a_run_asked_for_counts_and_what_was_refused_too() -> None:
    log = [
        event(PODS),
        event(PATCH, decision="forbid"),
        event(STATUS, agent="kubectl"),
        event(Right("authorization.k8s.io", "selfsubjectaccessreviews", "create")),
        json.dumps({"userAgent": rbac.AGENT, "verb": "get", "requestURI": "/version"}),
        json.dumps({"userAgent": rbac.AGENT, "verb": "list", "objectRef": {"resource": "nodes"}}),
    ]
    assert rbac.asked(log) == {PODS, PATCH}


def test_the_manifest_grants_what_was_asked_for_and_nothing_else() -> None:
    rights = {PODS, PATCH, STATUS, Right("", "pods", "watch")}
    text = rbac.manifest(rights)
    assert rbac.granted(text) == rights
    assert yaml.safe_load(text)["kind"] == "ClusterRole"
    assert rbac.lacking(rbac.granted(text), rights) == rbac.idle(rbac.granted(text), rights) == []


def test_both_directions_are_told() -> None:
    have, asked = {PODS, STATUS}, {PODS, PATCH}
    assert rbac.lacking(have, asked) == [
        "asked for but not granted: patch volumesnapshots.snapshot.storage.k8s.io"
    ]
    assert rbac.idle(have, asked) == [
        "granted but not asked for: patch volumesnapshots/status.snapshot.storage.k8s.io"
    ]


def test_the_packaged_manifest_grants_no_wildcard_and_no_secret_of_the_whole_cluster() -> None:
    rights = rbac.granted(rbac.MANIFEST.read_text())
    assert rights
    assert [right for right in rights if "*" in right] == []
    assert [right for right in rights if right.resource == "secrets" and right.verb in ("list", "watch")] == []


def test_the_preflight_asks_for_no_right_that_a_run_does_not_use() -> None:
    rights = rbac.granted(rbac.MANIFEST.read_text())
    asked = {
        Right(kind.api_version.rpartition("/")[0], kind.plural, verb)
        for kind, verbs in OURS.items()
        for verb in verbs
    }
    assert asked - rights == set()
