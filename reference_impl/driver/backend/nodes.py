"""Nodes volumes can be attached to, and the space of the pool they all reach."""

from __future__ import annotations

from urllib.parse import quote

from .transport import Transport, part


class Nodes:
    """Every call may raise Refusal."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def register(self, node: str) -> None:
        """Tell that volumes can be attached to ``node``."""
        self._transport.call("PUT", f"nodes/{quote(node, safe='')}", {})

    def free(self, node: str) -> int:
        """Bytes on the disks of ``node``; of any node for "", as the pool is the same for all."""
        if node:
            found = self._transport.call("GET", f"nodes/{part(node)}")
        else:
            found = next(iter(self._transport.items("nodes")), {})
        return sum(disk["storageAvailable"] for disk in found.get("disks", {}).values() if disk["allowScheduling"])
