"""The last words of a controller: the line of its log that is most likely to tell what is wrong."""

from __future__ import annotations

import re

from pytest_csi_snapshot.inventory import Component
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

LINES = 50
WIDTH = 200

_TROUBLE = re.compile(
    r"could not|cannot|forbidden|fail|error|panic|refused|denied|no such|not found", re.IGNORECASE
)
_KLOG = re.compile(r"^[IWEF]\d{4} [\d:.]+\s+[^\]]*\] ")
"""Severity, date and place of a line as Kubernetes' programs write them."""


def last_words(client: KubeClient, component: Component) -> str:
    """The last line that tells of trouble, "" where there is none, or where we may not read it."""
    path = f"{POD.path(component.namespace, component.pod)}/log"
    for previous in ("true", "false"):
        query = {"container": component.container, "tailLines": LINES, "previous": previous}
        try:
            text = str(client.request("GET", path, query=query, timeout=10.0).get("text", ""))
        except (ApiError, ApiUnreachableError):
            continue  # there was no container before this one, or its node is not there to ask
        if found := telling(text):
            return found
    return ""


def telling(text: str) -> str:
    """The last line of a log that speaks of trouble, shortened; "" where none does."""
    lines = [_KLOG.sub("", line.strip()) for line in text.splitlines() if _TROUBLE.search(line)]
    return lines[-1][:WIDTH] if lines else ""
