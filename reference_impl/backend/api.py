"""The REST API in the shape of Longhorn's: resources, collections, and actions by ``POST …?action=NAME``.

It translates and nothing else: each request becomes one call of ``Volumes``, ``Snapshots`` or ``Settings``.
"""

from __future__ import annotations

import contextlib
import os

from starlette.applications import Starlette

from . import actions, options, resources, schemas
from .backup_calls import BackupCalls
from .calls import Call, Json
from .engine import Engine, check_name
from .errors import BackendError
from .figures import figures
from .front import application
from .group_calls import GroupCalls
from .readiness import robustness
from .records import Attachment, Node, Volume
from .serving import Handler, route
from .snapshot_calls import SnapshotCalls
from .volume_backups import VolumeBackups
from .volume_calls import VolumeCalls
from .volume_resource import volume
from .volumes import Volumes

NAME_LIMIT = 40
"""Characters of a volume's name; ``pvc-<uid>`` has exactly that many."""


class Api:
    """The routes over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._volumes = Volumes(engine)
        self._snapshots = SnapshotCalls(engine)
        self._groups = GroupCalls(engine, self._snapshots)
        self._backups = BackupCalls(engine)
        self._volume_backups = VolumeBackups(engine)
        self._actions: dict[str, Handler] = {
            "attach": self._attach,
            "detach": self._detach,
            "expand": lambda call: self._volume(call, self._volumes.expand(call.name, call.size())),
            "snapshotDelete": self._snapshot_delete,
            "snapshotBackup": self._snapshot_backup,
            **self._snapshots.actions,
            **dict.fromkeys(options.UPDATES, self._update),
            **VolumeCalls(engine, self._volume).actions,
        }

    def application(self) -> Starlette:
        """The ASGI application."""
        app = application(
            self._engine.changes,
            routes=[
                route("/", "GET", _versions),
                route("/v1", "GET", lambda call: schemas.api_version(call.urls)),
                route("/v1/apiversions", "GET", _versions),
                route("/v1/apiversions/v1", "GET", lambda call: schemas.api_version(call.urls)),
                route("/v1/schemas", "GET", self._schemas),
                route("/v1/schemas/{name}", "GET", self._schema),
                route("/v1/volumes", "GET", self._volume_list),
                route("/v1/volumes", "POST", self._volume_create),
                route("/v1/volumes/{name}", "GET", lambda call: self._volume(call, self._volumes.get(call.name))),
                route("/v1/volumes/{name}", "DELETE", lambda call: self._volumes.delete(call.name)),
                route("/v1/volumes/{name}", "POST", self._volume_action),
                *self._snapshots.routes(),
                *self._groups.routes(),
                *self._backups.routes(),
                route("/v1/nodes", "GET", self._node_list),
                route("/v1/nodes/{name}", "GET", self._node_get),
                route("/v1/nodes/{name}", "PUT", self._node_put),
                route("/v1/settings", "GET", self._setting_list),
                route("/v1/settings/{name}", "GET", self._setting),
                route("/v1/settings/{name}", "PUT", self._setting_put),
                route("/v1/events", "GET", self._event_list),
                route("/v1/events/{name}", "GET", self._event),
            ],
        )
        app.state.error_code = self._engine.profile.error_code
        return app

    def _volume_list(self, call: Call) -> Json:
        found = []
        for record in self._volumes.all():
            with contextlib.suppress(FileNotFoundError, BackendError):  # deleted since the list was made
                found.append(self._volume(call, record))
        return resources.collection("volume", call.urls, found)

    def _volume_create(self, call: Call) -> Json:
        name = call.text("name")
        if len(name) > NAME_LIMIT:
            raise BackendError("InvalidArgument", f"invalid name {name!r}: more than {NAME_LIMIT} characters")
        mode = call.text("volumeMode", "Filesystem")
        chosen = options.chosen(call.body, self._engine.settings.value)
        if call.text("fromBackup", ""):
            return self._volume(call, self._volume_backups.restore(call, name, mode, chosen))
        made = self._volumes.create(name, call.size(), mode, call.text("dataSource", ""), chosen)
        return self._volume(call, made)

    def _volume_action(self, call: Call) -> Json | None:
        action = call.query.get("action", "")
        record = self._engine.volumes.get(call.name)
        faulted = record is not None and robustness(self._engine, record) == "faulted"
        actions.check(action, call.name, self._engine.states.of(call.name), self._engine.profile, faulted=faulted)
        self._volumes.get(call.name)
        return self._actions[action](call)

    def _attach(self, call: Call) -> Json:
        wanted = Attachment(
            node=call.text("hostId"),
            access_mode=call.text("accessMode", "SINGLE_NODE_WRITER"),
            read_only=call.flag("readOnly"),
            ticket=call.text("attachmentID", ""),
            kind=call.text("attacherType", "") or "longhorn-api",
            attached_by=call.text("attachedBy", ""),
            disable_frontend=_frontend(call),
        )
        return self._volume(call, self._volumes.attach(call.name, wanted))

    def _detach(self, call: Call) -> Json:
        ticket = None if call.flag("forceDetach") else call.text("attachmentID", "")
        node = "" if ticket else call.text("hostId", "")
        return self._volume(call, self._volumes.detach(call.name, ticket, node))

    def _update(self, call: Call) -> Json:
        update = options.UPDATES[call.query["action"]]
        return self._volume(call, self._volumes.change(call.name, update.option, call.body.get(update.field)))

    def _snapshot_delete(self, call: Call) -> Json:
        self._snapshots.delete_layer(call)
        return self._volume(call, self._volumes.get(call.name))

    def _snapshot_backup(self, call: Call) -> Json:
        self._backups.create(call)
        return self._volume(call, self._volumes.get(call.name))

    def _volume(self, call: Call, record: Volume) -> Json:
        shown = volume(record, figures(self._engine, self._volumes, record), call.urls, self._engine.profile)
        return shown | self._volume_backups.told(record)

    def _node_list(self, call: Call) -> Json:
        found = [self._node(call, node) for node in self._engine.nodes.all()]
        return resources.collection("node", call.urls, found)

    def _node_get(self, call: Call) -> Json:
        found = self._engine.nodes.get(call.name)
        if found is None:
            raise BackendError("NotFound", f"node {call.name} not found")
        return self._node(call, found)

    def _node_put(self, call: Call) -> Json:
        """A node that is not known is now: nothing else tells of them."""
        check_name(call.name.replace(".", "-"))
        return self._node(call, self._engine.nodes.put(Node(call.name, call.text("address", ""))))

    def _node(self, call: Call, record: Node) -> Json:
        pool = self._engine.pool
        space = os.statvfs(pool.root)
        disk = resources.Disk(
            path=str(pool.root),
            available=space.f_bavail * space.f_frsize,
            scheduled=sum(volume.size for volume in self._engine.volumes.all()),
            maximum=space.f_blocks * space.f_frsize,
        )
        return resources.node(record, disk, call.urls)

    def _setting_list(self, call: Call) -> Json:
        found = [self._setting_of(call, name) for name in self._engine.settings.names()]
        return resources.collection("setting", call.urls, found)

    def _setting(self, call: Call) -> Json:
        return self._setting_of(call, call.name)

    def _setting_put(self, call: Call) -> Json:
        self._engine.settings.put(call.name, call.text("value"))
        return self._setting(call)

    def _setting_of(self, call: Call, name: str) -> Json:
        value = self._engine.settings.value(name)
        return resources.setting(name, value, self._engine.settings.definition(name), call.urls)

    def _schemas(self, call: Call) -> Json:
        found = schemas.schemas(call.urls, self._engine.profile)
        return resources.collection("schema", call.urls, found)

    def _schema(self, call: Call) -> Json:
        if call.name not in schemas.ALL_FIELDS:
            raise BackendError("NotFound", f"schema {call.name} not found")
        return schemas.schema(call.name, call.urls, self._engine.profile)

    def _event_list(self, call: Call) -> Json:
        found = [resources.event(event, call.urls) for event in self._engine.events.all()]
        return resources.collection("event", call.urls, found)

    def _event(self, call: Call) -> Json:
        for event in self._engine.events.all():
            if event.name == call.name:
                return resources.event(event, call.urls)
        raise BackendError("NotFound", f"event {call.name} not found")


def _frontend(call: Call) -> str:
    """Whether the ticket wants no device; the controllers of Longhorn that do not care say "any"."""
    if call.body.get("disableFrontend") == "any":
        return "any"
    return str(call.flag("disableFrontend")).lower()


def _versions(call: Call) -> Json:
    return resources.collection("apiVersion", call.urls, [schemas.api_version(call.urls)])
