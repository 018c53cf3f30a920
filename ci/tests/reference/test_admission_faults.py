"""Faults by admission: each is one policy with its binding, of its own name, about what it says."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.reference_impl.faults import registry
from pytest_csi_snapshot.reference_impl.faults.fault import Fault

FAULTS = [pytest.param(each, id=each.name) for each in registry.FAULTS if each.component == "admission"]


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_a_policy_and_its_binding(fault: type[Fault]) -> None:
    policies: list[dict[str, Any]] = []
    registry.activate("admission", [fault.name], policies)
    policy, binding = policies
    assert binding["kind"] == f"{policy['kind']}Binding"
    assert binding["spec"]["policyName"] == policy["metadata"]["name"] == f"{fault.name}.fault.example.com"
    assert policy["spec"]["matchConditions"][0]["expression"]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_refuses_says_why_and_what_changes_has_a_patch(fault: type[Fault]) -> None:
    policies: list[dict[str, Any]] = []
    registry.activate("admission", [fault.name], policies)
    spec, bound = policies[0]["spec"], policies[1]["spec"]
    if policies[0]["kind"] == "ValidatingAdmissionPolicy":
        assert spec["validations"][0]["message"]
        assert bound["validationActions"] == ["Deny"]
    else:
        assert spec["mutations"][0]["jsonPatch"]["expression"].startswith("[JSONPatch{")
