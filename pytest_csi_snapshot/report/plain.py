"""Dataclasses as plain JSON, back again, and the JSON schema of that: all three from the fields' own types.

Fields are texts, numbers, truth values, Literals, tuples, mappings of texts, and dataclasses of these; what is to
be said about a field is its ``Annotated``. A reader ignores keys that it does not know, so that a newer writer may
add some; a field with a default may be missing, since an older one did not write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

Json = dict[str, Any]
Made = TypeVar("Made")

_SCALARS: Mapping[Any, tuple[str, str]] = {
    str: ("string", "text"),
    bool: ("boolean", "true or false"),
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
}
"""Type -> its name in a JSON schema, and in words."""


def to_plain(value: Any) -> Any:
    """Plain data for JSON; keys in the order of the fields, numbers with at most 3 decimals."""
    if isinstance(value, str | int):  # most of all that there is
        return value
    if is_dataclass(value):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: to_plain(each) for key, each in value.items()}
    if isinstance(value, float):
        return round(value, 3)
    return value


def from_plain(kind: type[Made], data: Any, path: str = "") -> Made:
    """The inverse of ``to_plain``. Raises ValueError naming the first place that does not fit."""
    made: Made = _read(kind, data, path)
    return made


def schema_of(kind: type[Any]) -> Json:
    """The JSON schema of the plain form of a dataclass."""
    return _schema(kind)


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _bare(hint: Any) -> tuple[Any, str]:
    """A type without its ``Annotated``, and the word about it."""
    if hasattr(hint, "__metadata__"):
        return hint.__origin__, str(hint.__metadata__[0])
    return hint, ""


def _has_default(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _read(hint: Any, data: Any, path: str) -> Any:
    kind, _ = _bare(hint)
    if kind is Any:
        return data
    if is_dataclass(kind):
        return _read_object(kind, data, path)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        _require(data in inner, path, f"{data!r} is none of {', '.join(map(repr, inner))}")
        return data
    if origin is tuple:
        _require(isinstance(data, list), path, "is not a list")
        return tuple(_read(inner[0], each, f"{path}[{number}]") for number, each in enumerate(data))
    if origin is not None:
        _require(isinstance(data, dict), path, "is not a mapping of keys")
        return {key: _read(inner[1], each, f"{path}.{key}") for key, each in data.items()}
    fits = isinstance(data, (int, float) if kind is float else kind) and (
        kind is bool or not isinstance(data, bool)
    )
    _require(fits, path, f"is not {_SCALARS[kind][1]}")
    return kind(data)


def _read_object(kind: Any, data: Any, path: str) -> Any:
    _require(isinstance(data, dict), path, "is not a mapping of keys")
    values = {}
    for each in fields(kind):
        if each.name in data:
            values[each.name] = _read(_hints(kind)[each.name], data[each.name], f"{path}.{each.name}".lstrip("."))
        else:
            _require(_has_default(each), path, f"lacks {each.name!r}")
    return kind(**values)


def _require(condition: bool, path: str, what: str) -> None:
    if not condition:
        raise ValueError(f"{path or 'the document'} {what}")


def _schema(hint: Any) -> Json:
    kind, word = _bare(hint)
    if kind is Any:
        return {"description": word} if word else {}
    if is_dataclass(kind):
        first = str(kind.__doc__).partition("\n")[0].rstrip(".")
        return {"description": word or first, **_object_schema(kind)}
    told = {"description": word} if word else {}
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {**told, "enum": list(inner)}
    if origin is tuple:
        return {**told, "type": "array", "items": _schema(inner[0])}
    if origin is not None:
        return {**told, "type": "object", "additionalProperties": _schema(inner[1])}
    return {**told, "type": _SCALARS[kind][0]}


def _object_schema(kind: Any) -> Json:
    names = [each.name for each in fields(kind) if not _has_default(each)]
    properties = {each.name: _schema(_hints(kind)[each.name]) for each in fields(kind)}
    return {"type": "object", "required": names, "properties": properties}
