"""What faults by admission have in common: a policy that somebody who owns a cluster has put into it.

The object that they are applied to is the list of such policies, before these are installed. A policy changes or
refuses requests as ``admissionregistration.k8s.io/v1`` describes it, by expressions in CEL.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .fault import Fault

Json = dict[str, Any]

_API = "admissionregistration.k8s.io/v1"

CLAIMS = ("", "v1", "persistentvolumeclaims")
"""Group, version and plural of the objects that most policies are about."""


class AdmissionFault(Fault):
    """A policy and its binding, which holds in all namespaces."""

    component = "admission"
    kind = "state"
    resource: ClassVar[tuple[str, str, str]] = CLAIMS
    """API group, version and plural; a subresource stands behind a slash."""
    operation: ClassVar[str]
    """CREATE or UPDATE; a patch is an update."""
    only_if: ClassVar[str]
    """CEL: which requests the policy is about, by ``object``, ``oldObject`` and ``request``."""

    def apply(self, target: list[Json]) -> None:
        """Add the policy and its binding."""
        kind, spec, bound = self.policy()
        group, version, plural = self.resource
        rule = {
            "apiGroups": [group],
            "apiVersions": [version],
            "operations": [self.operation],
            "resources": [plural],
        }
        about = {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "matchConditions": [{"name": "of-the-fault", "expression": self.only_if}],
        }
        meta = {"name": f"{self.name}.fault.example.com"}
        target.append({"apiVersion": _API, "kind": kind, "metadata": meta, "spec": {**about, **spec}})
        binding = {"policyName": meta["name"], **bound}
        target.append({"apiVersion": _API, "kind": f"{kind}Binding", "metadata": meta, "spec": binding})

    def policy(self) -> tuple[str, Json, Json]:
        """Kind of the policy, and what is special in its spec and in that of its binding."""
        raise NotImplementedError


class Changes(AdmissionFault):
    """Requests are changed before anybody looks at them."""

    patch: ClassVar[str]
    """CEL: a list of ``JSONPatch``."""

    def policy(self) -> tuple[str, Json, Json]:
        """A MutatingAdmissionPolicy."""
        mutation = {"patchType": "JSONPatch", "jsonPatch": {"expression": self.patch}}
        return "MutatingAdmissionPolicy", {"reinvocationPolicy": "Never", "mutations": [mutation]}, {}


class Refuses(AdmissionFault):
    """Requests are refused that must be let through."""

    message: ClassVar[str]
    """What the server answers."""

    def policy(self) -> tuple[str, Json, Json]:
        """A ValidatingAdmissionPolicy, which refuses whatever it is about."""
        never = {"expression": "false", "message": self.message}
        return "ValidatingAdmissionPolicy", {"validations": [never]}, {"validationActions": ["Deny"]}
