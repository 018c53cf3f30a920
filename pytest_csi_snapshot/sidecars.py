"""With which arguments a driver's sidecars run, as far as the API server can tell: it knows only their pods.

Which pod serves a driver is told by the lease of its leader; without one, by the driver's name in the pod, where the
path of the socket mostly has it. Pure functions on pods and leases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]


def lease_name(prefix: str, driver: str) -> str:
    """The lease by which a sidecar's leader is elected: every character that is not alphanumeric becomes ``-``."""
    return f"{prefix}{re.sub(r'[^a-zA-Z0-9-]', '-', driver)}"


def containers(program: str, driver: str, pods: Iterable[Json], leases: Iterable[Json]) -> list[Json]:
    """The containers that run ``program`` for a driver; none where it is not told which they are.

    ``leases`` are those of the name that ``lease_name`` gives.
    """
    running = [(pod, container) for pod in pods for container in pod["spec"]["containers"]
               if program in _told(container)]  # fmt: skip
    leaders = {str(lease["spec"].get("holderIdentity") or "").split("_")[0] for lease in leases} - {""}
    led = [container for pod, container in running if pod["metadata"]["name"] in leaders]
    return led or [container for pod, container in running if driver in json.dumps(pod["spec"])]


def switched_on(container: Json, flag: str) -> bool:
    """A boolean flag is among the arguments, and not switched off by its value."""
    words = [*(container.get("command") or []), *(container.get("args") or [])]
    found = [re.fullmatch(rf"--?{re.escape(flag)}(?:=(.*))?", str(word)) for word in words]
    values = [match.group(1) for match in found if match]
    return bool(values) and values[-1] in (None, "true", "True", "TRUE", "t", "T", "1")


def _told(container: Json) -> str:
    """Where a container's program is named: name, image and command; wrappers pass it as an argument."""
    words = [container.get("name"), container.get("image"), *(container.get("command") or [])]
    return " ".join(str(word) for word in words if word)
