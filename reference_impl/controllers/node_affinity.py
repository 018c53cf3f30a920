"""Which nodes a volume is accessible from: ``spec.nodeAffinity`` of a PersistentVolume. Only computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_Test = Callable[[str | None, Sequence[str]], bool]


def _integer(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _greater(value: str | None, wanted: Sequence[str]) -> bool:
    have, limit = _integer(value), _integer(wanted[0])
    return have is not None and limit is not None and have > limit


def _less(value: str | None, wanted: Sequence[str]) -> bool:
    have, limit = _integer(value), _integer(wanted[0])
    return have is not None and limit is not None and have < limit


OPERATORS: dict[str, _Test] = {
    "In": lambda value, wanted: value in wanted,
    "NotIn": lambda value, wanted: value not in wanted,
    "Exists": lambda value, _wanted: value is not None,
    "DoesNotExist": lambda value, _wanted: value is None,
    "Gt": _greater,
    "Lt": _less,
}
"""Operator of a node selector -> the test of a label's value (None: the label is absent)."""


def accessible(volume: Json, node: Json) -> bool:
    """The volume may be used on the node; one without affinity everywhere."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    labels: Mapping[str, str] = node["metadata"].get("labels") or {}
    name = {"metadata.name": str(node["metadata"]["name"])}
    return any(_term(term, labels, name) for term in required.get("nodeSelectorTerms") or [])


def affinity(topology: Sequence[Mapping[str, str]]) -> Json:
    """The node affinity of a volume that is accessible from these segments, any one of them."""
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": _expressions(one)} for one in topology]}}


def _expressions(segments: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(segments.items())]


def _term(term: Json, labels: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    expressions, by_field = term.get("matchExpressions") or [], term.get("matchFields") or []
    # An empty term selects nothing (core/v1 NodeSelectorTerm).
    return bool(expressions or by_field) and (
        all(_holds(one, labels) for one in expressions) and all(_holds(one, fields) for one in by_field)
    )


def _holds(requirement: Json, values: Mapping[str, str]) -> bool:
    test = OPERATORS[requirement["operator"]]
    return test(values.get(requirement["key"]), requirement.get("values") or [])
