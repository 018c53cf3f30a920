"""Which change of a content the sidecar has to look at: not what it wrote itself."""

from __future__ import annotations

from typing import Any

from .. import markers
from ..forms import Form
from ..kube import objects
from ..kube.client import Json


def relevant(form: Form, before: Json, after: Json) -> bool:
    """A change that is not the sidecar's own: neither its status, nor its annotation.

    The first status of a member of a group is the snapshot-controller's.
    """
    told = not before.get("status") and after.get("status") and objects.annotation(after, markers.GROUP_HANDLE)
    return bool(told) or _without_own(form, before) != _without_own(form, after)


def _without_own(form: Form, content: Json) -> dict[str, Any]:
    meta = {
        key: value for key, value in content["metadata"].items() if key not in ("resourceVersion", "managedFields")
    }
    annotations = {
        key: value for key, value in (meta.get("annotations") or {}).items() if key != form.being_created
    }
    return {"metadata": {**meta, "annotations": annotations}, "spec": content["spec"]}
