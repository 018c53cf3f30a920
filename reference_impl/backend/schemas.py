"""The schemas: what clients are told about each kind of object, from which they make their methods.

The tables are the API's promise: a resource has no field that its schema does not name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..profiles import Profile
from .actions import VOLUME_ACTIONS, Action
from .backup_fields import BACKUP_FIELDS, BACKUP_TARGET_ACTIONS, BACKUP_VOLUME_ACTIONS
from .fields import FIELDS, Field
from .urls import Urls, plural

Json = dict[str, Any]


@dataclass(frozen=True)
class Methods:
    """The verbs of the collection and of one resource. A kind without any is met only inside others."""

    collection: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()


METHODS: dict[str, Methods] = {
    "apiVersion": Methods(("GET",), ("GET",)),
    "schema": Methods(("GET",), ("GET",)),
    "volume": Methods(("GET", "POST"), ("GET", "DELETE")),
    "snapshotCR": Methods(("GET",), ("GET", "DELETE")),
    "groupSnapshot": Methods(("GET", "POST"), ("GET", "DELETE")),
    "node": Methods(("GET",), ("GET", "PUT")),
    "setting": Methods(("GET",), ("GET", "PUT")),
    "event": Methods(("GET",), ("GET",)),
    "backup": Methods(("GET",), ("GET",)),
    "backupVolume": Methods(("GET",), ("GET", "PUT", "DELETE")),
    "backupTarget": Methods(("GET", "POST"), ("GET", "PUT", "DELETE")),
}
"""The kinds that have addresses."""

ALL_FIELDS = {**FIELDS, **BACKUP_FIELDS}

ACTIONS: dict[str, dict[str, Action]] = {
    "volume": VOLUME_ACTIONS,
    "backupVolume": BACKUP_VOLUME_ACTIONS,
    "backupTarget": BACKUP_TARGET_ACTIONS,
}
"""Kind -> its actions."""


def schema(kind: str, urls: Urls, profile: Profile) -> Json:
    """The schema of ``kind``, a key of ``ALL_FIELDS``."""
    methods = METHODS.get(kind, Methods())
    links = {"self": urls.resource("schema", kind)}
    if methods.collection:
        links["collection"] = urls.collection(kind)
    return {
        "id": kind,
        "type": "schema",
        "links": links,
        "actions": {},
        "pluralName": plural(kind),
        "resourceMethods": list(methods.resource),
        "collectionMethods": list(methods.collection),
        "resourceFields": {name: asdict(field) for name, field in _fields(kind, profile).items()},
        "resourceActions": _actions(kind),
        "collectionActions": {},
        "collectionFields": {},
        "collectionFilters": {"volume": {"modifiers": ["eq"]}} if kind == "snapshotCR" else {},
        "includeableLinks": None,
    }


def schemas(urls: Urls, profile: Profile) -> list[Json]:
    """All of them."""
    return [schema(kind, urls, profile) for kind in ALL_FIELDS]


def _fields(kind: str, profile: Profile) -> dict[str, Field]:
    if kind != "volume":
        return ALL_FIELDS[kind]
    return {profile.image_field if name == "image" else name: field for name, field in FIELDS[kind].items()}


def _actions(kind: str) -> Json:
    """Without an output the answer is empty."""
    return {name: asdict(action) for name, action in ACTIONS.get(kind, {}).items()}


def api_version(urls: Urls) -> Json:
    """The API itself: the collections it has are its links."""
    listed = {
        plural(kind): urls.collection(kind) for kind, methods in METHODS.items() if "GET" in methods.collection
    }
    return {"id": "v1", "type": "apiVersion", "links": {"self": urls.root, **listed}, "actions": {}}
