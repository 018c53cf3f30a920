"""The driver's view of the backend: its REST API as a dozen calls by concept, all but one safe to repeat.

Every call may raise Refusal with the backend's reason, or UNAVAILABLE when it does not answer.
"""

from __future__ import annotations

import httpx

from .backups import Backups
from .groups import Groups
from .layers import Layers
from .nodes import Nodes
from .snapshots import Snapshots
from .transport import Transport
from .volumes import Volumes


class Backend:
    """A client of the API at ``url``, e.g. http://longhorn-backend:9500/v1; any thread may use it.

    ``driver`` is the name volumes are attached in.
    """

    def __init__(self, url: str, driver: str, wire: httpx.BaseTransport | None = None) -> None:
        transport = Transport(url, wire)
        self.nodes = Nodes(transport)
        self.volumes = Volumes(transport, driver)
        self.snapshots = Snapshots(transport)
        self.layers = Layers(transport)
        self.groups = Groups(transport)
        self.backups = Backups(transport)
