"""What faults of a CRD have in common: they leave something out of the schema of one.

The object that they are applied to is the list of all CRDs, before these are installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from .fault import Fault

Json = dict[str, Any]


class CrdFault(Fault):
    """A fault of the CRD ``crd``, in each version of it."""

    component = "crd"
    kind = "state"
    crd: ClassVar[str]
    """Its plural and the first word of its group: ``volumesnapshots.snapshot``."""

    def versions(self, target: list[Json]) -> Iterator[Json]:
        """The versions of the CRD. Raises LookupError where it is not among ``target``."""
        name = f"{self.crd}.storage.k8s.io"
        found = [crd for crd in target if crd["metadata"]["name"] == name]
        if not found:
            raise LookupError(f"no CRD {name} to break")
        yield from found[0]["spec"]["versions"]


class DropsRule(CrdFault):
    """The rule with the message ``rule`` is missing."""

    rule: ClassVar[str]

    def apply(self, target: list[Json]) -> None:
        """Leave the rule out. Raises LookupError where no version has it."""
        schemas = [version["schema"]["openAPIV3Schema"] for version in self.versions(target)]
        if not sum(_drop(schema, self.rule) for schema in schemas):
            raise LookupError(f"{self.crd} has no rule {self.rule!r}")


def schema_at(version: Json, *path: str) -> Json:
    """The schema of a field of a version of a CRD: ``schema_at(version, "spec", "source")``."""
    found: Json = version["schema"]["openAPIV3Schema"]
    for name in path:
        found = found["properties"][name]
    return found


def _drop(schema: Any, message: str) -> int:
    """How often a rule stood anywhere in a schema; it is gone afterwards."""
    if isinstance(schema, list):
        return sum(_drop(each, message) for each in schema)
    if not isinstance(schema, dict):
        return 0
    rules = schema.get("x-kubernetes-validations")
    kept = [rule for rule in rules or [] if rule.get("message") != message]
    dropped = len(rules or []) - len(kept)
    if dropped:
        schema["x-kubernetes-validations"] = kept
        if not kept:
            del schema["x-kubernetes-validations"]
    return dropped + sum(_drop(each, message) for each in schema.values())
