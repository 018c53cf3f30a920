"""Checks a document against a JSON schema, and says what is wrong where, with the nearest right word.

Knows the part of JSON Schema that the packaged schemas use; a schema that uses more is a mistake of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_csi_snapshot.spelling import nearest

Json = dict[str, Any]

_TYPES: Mapping[str, tuple[type, str]] = {
    "object": (dict, "a mapping of keys"),
    "array": (list, "a list"),
    "string": (str, "text"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
}
_KEYWORDS = frozenset(
    {"$schema", "title", "description", "type", "properties", "additionalProperties", "items", "enum", "pattern"}
    | {"minItems", "minLength", "minimum", "required", "dependentRequired"}
)


def complaints(document: Any, schema: Json, path: str = "") -> Iterator[str]:
    """One line about each thing that is wrong, in the order of the document."""
    if beyond := schema.keys() - _KEYWORDS:
        raise NotImplementedError(f"{path or 'the schema'}: {', '.join(sorted(beyond))}")
    kind, words = _TYPES[schema["type"]]
    if not isinstance(document, kind) or (kind is int and isinstance(document, bool)):
        yield f"{path or 'it'} is not {words}"
    elif isinstance(document, dict):
        yield from _of_object(document, schema, path)
    elif isinstance(document, list):
        if len(document) < schema.get("minItems", 0):
            yield f"{path} is an empty list"
        for value in document:
            yield from complaints(value, schema["items"], f"a value of {path}")
    else:
        yield from _of_value(document, schema, path)


def _of_object(document: Json, schema: Json, path: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    for key, value in document.items():
        name = f"{path}.{key}" if path else str(key)
        if key in known:
            yield from complaints(value, known[key], name)
        elif others is False or not isinstance(key, str):
            yield f"unknown key {name!r}; {nearest(str(key), known)}"
        else:
            yield from complaints(value, others, name)
    within = f"{path}: " if path else ""
    for key in schema.get("required", ()):
        if key not in document:
            yield f"{within}the key {key!r} is missing"
    for key, needed in schema.get("dependentRequired", {}).items():
        for other in needed if key in document else ():
            if other not in document:
                yield f"{within}{key!r} needs the key {other!r}"


def _of_value(value: Any, schema: Json, path: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"unknown {path.removeprefix('a ')} {value!r}; {nearest(value, schema['enum'])}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path}: {value!r} does not look like {schema['pattern']}"
    if len(str(value)) < schema.get("minLength", 0):
        yield f"{path} is empty"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{path}: {value} is less than {schema['minimum']}"
