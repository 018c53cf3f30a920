"""The REST API's part about the care of volumes: what people and their tools do, and workloads never."""

from __future__ import annotations

from collections.abc import Callable

from .calls import Call, Json
from .care import Care
from .engine import Engine
from .maintenance import Maintenance
from .records import Volume
from .serving import Handler

Show = Callable[[Call, Volume], Json]


class VolumeCalls:
    """Actions of volumes; ``show`` makes a resource of one."""

    def __init__(self, engine: Engine, show: Show) -> None:
        self._care = Care(engine)
        self._maintenance = Maintenance(engine)
        self._show = show
        self.actions: dict[str, Handler] = {
            "snapshotRevert": lambda call: self._maintenance.revert(call.name, call.text("name")),
            "snapshotPurge": lambda call: show(call, self._maintenance.purge(call.name)),
            "trimFilesystem": lambda call: show(call, self._maintenance.trim(call.name)),
            "cancelExpansion": lambda call: show(call, self._maintenance.cancel_expansion(call.name)),
            "replicaRemove": lambda call: show(call, self._care.remove(call.name, call.text("name"))),
            "salvage": lambda call: show(call, self._care.salvage(call.name, call.texts("names"))),
            "updateReplicaCount": self._set_count,
        }

    def _set_count(self, call: Call) -> Json:
        return self._show(call, self._care.set_count(call.name, call.body.get("replicaCount")))
