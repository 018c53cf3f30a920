"""Labels of backups: those a caller gives, and those the backend adds."""

from __future__ import annotations

import json

from ..labels import is_qualified
from .errors import BackendError
from .options import value_of
from .records import Volume
from .volume_resource import of_kubernetes

_RESERVED = ("KubernetesStatus", "ranchervm-base-image")


def checked(labels: dict[str, str]) -> dict[str, str]:
    """Raises BackendError InvalidArgument."""
    for key, value in labels.items():
        if key in _RESERVED:
            raise BackendError("InvalidArgument", f"label {key} is set by the backend")
        if not is_qualified(key):
            raise BackendError("InvalidArgument", f"label {key!r} is not a qualified name")
        if not value:
            raise BackendError("InvalidArgument", f"label {key} has no value")
    return labels


def added(volume: Volume) -> dict[str, str]:
    """What every backup of ``volume`` is labelled with."""
    return {
        "KubernetesStatus": json.dumps(of_kubernetes(), separators=(",", ":")),
        "longhorn.io/volume-access-mode": value_of(volume.options, "accessMode"),
    }
