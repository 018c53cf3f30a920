"""Reading the metadata that every API object has. Objects are never changed here."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def name(obj: Json) -> str:
    return str(obj["metadata"]["name"])


def namespace(obj: Json) -> str | None:
    value = obj["metadata"].get("namespace")
    return str(value) if value else None


def uid(obj: Json) -> str:
    return str(obj["metadata"]["uid"])


def key(obj: Json) -> str:
    """``namespace/name``, or the name alone for a cluster-scoped object."""
    return join(namespace(obj), name(obj))


def join(space: str | None, title: str) -> str:
    """The key of the object of that namespace (None: cluster-scoped) and name."""
    return f"{space}/{title}" if space else title


def deleting(obj: Json) -> bool:
    """The object has a deletionTimestamp."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def annotation(obj: Json, key: str) -> str | None:
    """The value of an annotation, None where it is absent."""
    value = (obj["metadata"].get("annotations") or {}).get(key)
    return None if value is None else str(value)


def annotate(obj: Json, key: str, value: str | None) -> bool:
    """Set an annotation of a copy, or drop it (None); False where nothing had to change."""
    if annotation(obj, key) == value:
        return False
    annotations = obj["metadata"].setdefault("annotations", {})
    if value is None:
        del annotations[key]
    else:
        annotations[key] = value
    return True


def has_finalizer(obj: Json, finalizer: str) -> bool:
    return finalizer in (obj["metadata"].get("finalizers") or [])


def add_finalizer(obj: Json, finalizer: str) -> bool:
    """Add a finalizer to a copy; False where it is there already."""
    if has_finalizer(obj, finalizer):
        return False
    obj["metadata"].setdefault("finalizers", []).append(finalizer)
    return True


def drop_finalizers(obj: Json, *finalizers: str) -> bool:
    """Take finalizers off a copy; False where none of them was there."""
    present: list[str] = obj["metadata"].get("finalizers") or []
    kept = [finalizer for finalizer in present if finalizer not in finalizers]
    if kept == present:
        return False
    obj["metadata"]["finalizers"] = kept
    return True


def version(obj: Json) -> int:
    """The resourceVersion as a number; the API promises that those of one kind are ordered."""
    return int(obj["metadata"].get("resourceVersion") or 0)
