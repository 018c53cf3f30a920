"""The published form of a profile and our reader agree about every document."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_csi_snapshot.capabilities import CAPABILITIES
from pytest_csi_snapshot.limits import PHASES
from pytest_csi_snapshot.profiles import AXES, profile_schema
from pytest_csi_snapshot.schema import complaints

SCHEMA = profile_schema()
KEYS = sorted(SCHEMA["properties"])
BELOW = sorted({key for part in SCHEMA["properties"].values() for key in part.get("properties", {})})
WORDS = [
    "Block",
    "Delete",
    "Immediate",
    "detached",
    "ReadWriteOnce",
    "xfs",
    "1Gi",
    "5m",
    "1h30m",
    "ns/name",
    "",
    "x y",
]

scalars = st.one_of(st.sampled_from(WORDS), st.booleans(), st.integers(-1, 3), st.none())
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=3),
    st.dictionaries(st.sampled_from([*BELOW, "other"]), scalars, max_size=3),
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a part of the schema allows."""
    if schema["type"] == "object":
        return st.fixed_dictionaries(
            {}, optional={key: fitting(part) for key, part in schema.get("properties", {}).items()}
        )
    if schema["type"] == "array":
        return st.lists(fitting(schema["items"]), min_size=schema["minItems"], max_size=3)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    by_type = {"boolean": st.booleans(), "integer": st.integers(1, 9), "string": st.text(min_size=1)}
    return st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else by_type[schema["type"]]


near = st.fixed_dictionaries(
    {}, optional={key: st.one_of(fitting(part), values) for key, part in SCHEMA["properties"].items()}
)
"""Documents that fit but for a value or two."""

documents = st.one_of(near, st.dictionaries(st.sampled_from([*KEYS, "other"]), values, max_size=4), values)


@given(documents)
@example({"sources": []})
@example({"driver": ""})
@example({"atOnce": {"pods": 0}})
@example({"atOnce": {"pods": True}})
@example({"size": {"least": "1G"}})
@example({"nodeSelector": {"any": "thing"}})
@example({"nodeSelector": {"any": 1}})
@example({"capabilities": {"clones": 1}})
def test_both_accept_or_both_refuse(document: Any) -> None:
    ours = list(complaints(document, SCHEMA))
    theirs = list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(document))
    assert bool(ours) == bool(theirs), (ours, theirs)


@given(fitting(SCHEMA))
def test_whatever_the_published_form_allows_is_read_without_a_complaint(document: Any) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert list(complaints(document, SCHEMA)) == []


def test_the_schema_is_one_and_says_what_the_tables_say() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    parts = SCHEMA["properties"]
    assert set(parts["capabilities"]["properties"]) == set(CAPABILITIES)
    assert tuple(parts["timeouts"]["properties"]) == PHASES
    for axis, allowed in AXES.items():
        assert tuple(parts[axis]["items"].get("enum", ())) == allowed


def test_a_schema_that_says_more_than_the_reader_knows_is_a_mistake() -> None:
    with pytest.raises(NotImplementedError, match="maxLength"):
        list(complaints("x", {"type": "string", "maxLength": 3}))
