"""API-CLS and API-VER: snapshot classes, and the snapshot CRDs themselves."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_csi_snapshot.kube.kinds import CRD, SNAPSHOT, SNAPSHOT_API, SNAPSHOT_CLASS, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.scenario import Scenario

GROUP = SNAPSHOT_API.split("/", maxsplit=1)[0]
SHORT_NAMES = {SNAPSHOT: ["vs"], SNAPSHOT_CONTENT: ["vsc", "vscs"], SNAPSHOT_CLASS: ["vsclass", "vsclasses"]}


def crd_of(csi: Scenario, kind: Kind) -> dict[str, Any]:
    return csi.api.get(CRD, None, f"{kind.plural}.{GROUP}")


@pytest.mark.csi_clause("API-CLS-001")
def test_class_needs_driver_and_policy(csi: Scenario) -> None:
    whole = {"driver": "nobody.example.com", "deletionPolicy": "Delete"}
    for field in whole:
        rest = {name: value for name, value in whole.items() if name != field}
        attempt = partial(csi.try_create, SNAPSHOT_CLASS, **rest)
        csi.refuses("API-CLS-001", f"no {field}", attempt, f"{field}: Required value")
    invented = partial(csi.try_create, SNAPSHOT_CLASS, **{**whole, "deletionPolicy": "Keep"})
    csi.refuses("API-CLS-001", "an invented policy", invented, "Unsupported value")


@pytest.mark.csi_clause("API-CLS-002")
def test_class_may_change_and_have_rivals(csi: Scenario) -> None:
    default = {"annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"}}
    fields = {"driver": "nobody.example.com", "deletionPolicy": "Delete"}
    for _ in range(2):
        name = csi.api.mark.fresh("class")
        cls = csi.create(SNAPSHOT_CLASS, {"metadata": {"name": name, **default}, **fields})
        csi.check("API-CLS-002", expected=name, observed=cls.name, about="a default class of the same driver")
    for change in (
        {"driver": "somebody.example.com"},
        {"deletionPolicy": "Retain"},
        {"parameters": {"key": "value"}},
    ):
        csi.accepts("API-CLS-002", f"{change}", partial(csi.try_patch, cls, change))


@pytest.mark.csi_clause("API-VER-001", "API-VER-003")
def test_crds_serve_v1_under_their_names(csi: Scenario) -> None:
    for kind, names in SHORT_NAMES.items():
        spec = crd_of(csi, kind)["spec"]
        served = {version["name"]: version["served"] for version in spec["versions"]}
        stored = [version["name"] for version in spec["versions"] if version["storage"]]
        csi.check("API-VER-001", expected=(["v1"], True, False), about=kind,
                  observed=(stored, served.get("v1"), served.get("v1beta1", False)))  # fmt: skip
        scope = "Namespaced" if kind.namespaced else "Cluster"
        csi.check("API-VER-003", expected=(scope, names), about=kind,
                  observed=(spec["scope"], spec["names"].get("shortNames")))  # fmt: skip


@pytest.mark.csi_clause("API-VER-002")
def test_crds_carry_their_validation_rules(csi: Scenario) -> None:
    for kind, count in {SNAPSHOT: 6, SNAPSHOT_CONTENT: 8, SNAPSHOT_CLASS: 0}.items():
        csi.check("API-VER-002", expected=count, observed=csi.rules_of(kind), about=f"rules of {kind}")
