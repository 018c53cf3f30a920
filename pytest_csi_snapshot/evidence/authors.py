"""Who wrote a version of an object: the test itself, or the manager that the API server has noted in it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TEST = "test"


def author(before: Json | None, after: Json, own: frozenset[str]) -> str:
    """``test`` for a write of the test, the name of a manager, or "" where several or none could be it.

    ``before`` is the version before, None where there is none; ``own`` are the resourceVersions made by the test.
    The API server notes a manager by its user agent, and whole seconds only: two writes of one manager in the same
    second that change no set of fields look like one.
    """
    if after["metadata"].get("resourceVersion") in own:
        return TEST
    known = _entries(before) if before else {}
    changed = {key[0] for key, entry in _entries(after).items() if known.get(key) != entry}
    return changed.pop() if len(changed) == 1 else ""


def _entries(body: Json) -> dict[tuple[str, str, str], Json]:
    return {
        (str(entry.get("manager", "")), str(entry.get("operation", "")), str(entry.get("subresource", ""))): entry
        for entry in body["metadata"].get("managedFields") or []
    }
