"""The REST API's part about backups: volumes that have some, the backups, and the targets they lie in."""

from __future__ import annotations

import re
from dataclasses import replace

from starlette.routing import Route

from . import backup_resources, backup_targets, resources
from .backup_records import Target
from .backup_shelf import Backup, Shelf
from .backups import Backups
from .calls import Call, Json
from .engine import Engine
from .errors import BackendError
from .serving import Handler, route

_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?")


class BackupCalls:
    """The addresses of backups."""

    def __init__(self, engine: Engine) -> None:
        self._targets = engine.backups.targets
        self._changeable = not engine.profile.backup_target_settings
        self._backups = Backups(engine)
        self._shelf = Shelf(engine)
        self._volume_actions: dict[str, Handler] = {
            "backupList": self._of_volume,
            "backupListByVolume": self._of_named_volume,
            "backupGet": self._named,
            "backupDelete": self._delete,
            "backupVolumeSync": self._volume,
        }
        self._target_actions: dict[str, Handler] = {
            "backupTargetSync": self._target,
            "backupTargetUpdate": self._target_change,
        }

    def routes(self) -> list[Route]:
        return [
            route("/v1/backups", "GET", lambda call: self._list(call, self._shelf.all())),
            route("/v1/backups/{name}", "GET", self._get),
            route("/v1/backupvolumes", "GET", self._volumes),
            route("/v1/backupvolumes", "PUT", self._volumes),
            route("/v1/backupvolumes/{name}", "GET", self._volume),
            route("/v1/backupvolumes/{name}", "PUT", self._volume),
            route("/v1/backupvolumes/{name}", "DELETE", self._volume_delete),
            route("/v1/backupvolumes/{name}", "POST", lambda call: self._action(call, self._volume_actions)),
            route("/v1/backuptargets", "GET", self._target_list),
            route("/v1/backuptargets", "PUT", self._target_list),
            route("/v1/backuptargets", "POST", self._target_create),
            route("/v1/backuptargets/{name}", "GET", self._target),
            route("/v1/backuptargets/{name}", "PUT", self._target_change),
            route("/v1/backuptargets/{name}", "DELETE", lambda call: self._targets.delete(call.name)),
            route("/v1/backuptargets/{name}", "POST", lambda call: self._action(call, self._target_actions)),
        ]

    def create(self, call: Call) -> None:
        """The backup that a volume's action asks for."""
        mode = call.text("backupMode", "") or "incremental"
        self._backups.create(call.name, call.text("name"), call.labels(), mode)

    def _action(self, call: Call, actions: dict[str, Handler]) -> Json | None:
        action = call.query.get("action", "")
        if action not in actions:
            raise BackendError("InvalidArgument", f"unknown action {action!r}: one of {', '.join(actions)}")
        return actions[action](call)

    def _get(self, call: Call) -> Json:
        for item in self._shelf.all():
            if item.name == call.name:
                return backup_resources.backup(item, call.urls)
        raise BackendError("NotFound", f"backup {call.name} not found")

    def _volumes(self, call: Call) -> Json:
        found = [backup_resources.backup_volume(item, call.urls) for item in self._shelf.volumes()]
        return resources.collection("backupVolume", call.urls, found)

    def _volume(self, call: Call) -> Json:
        """Also of one that is not there: its actions answer that it has no backups."""
        return backup_resources.backup_volume(self._shelf.volume(call.name), call.urls)

    def _volume_delete(self, call: Call) -> None:
        self._backups.delete_volume(self._shelf.volume(call.name))

    def _of_volume(self, call: Call) -> Json:
        volume = self._shelf.volume(call.name)
        return self._list(call, self._shelf.of(volume.volume, volume.target))

    def _of_named_volume(self, call: Call) -> Json:
        """Backups of the volume named in the body, wherever they lie."""
        return self._list(call, self._shelf.of(call.text("name", "") or self._shelf.volume(call.name).volume))

    def _named(self, call: Call) -> Json:
        name = call.text("name")
        volume = self._shelf.volume(call.name)
        for item in self._shelf.of(volume.volume, volume.target):
            if item.name == name:
                return backup_resources.backup(item, call.urls)
        raise BackendError("NotFound", f"backup {name} of volume {volume.volume} not found")

    def _delete(self, call: Call) -> Json:
        self._backups.delete(self._shelf.volume(call.name), call.text("name"))
        return self._volume(call)

    def _list(self, call: Call, found: list[Backup]) -> Json:
        return resources.collection(
            "backup", call.urls, [backup_resources.backup(item, call.urls) for item in found]
        )

    def _target_list(self, call: Call) -> Json:
        found = [self._shown(call, target) for target in self._targets.all()]
        return resources.collection("backupTarget", call.urls, found)

    def _target(self, call: Call) -> Json:
        return self._shown(call, backup_targets.get(self._targets, call.name))

    def _target_create(self, call: Call) -> Json:
        name = call.text("name")
        if any(target.name == name for target in self._targets.all()):
            raise BackendError("AlreadyExists", f"backup target {name} exists")
        return self._put(call, Target(name, ""))

    def _target_change(self, call: Call) -> Json:
        return self._put(call, backup_targets.get(self._targets, call.name))

    def _put(self, call: Call, target: Target) -> Json:
        """``target`` with what the body gives."""
        changed = replace(
            target,
            url=call.text("backupTargetURL", target.url).strip(),
            credential_secret=call.text("credentialSecret", target.credential_secret),
            poll_interval=_seconds(call.text("pollInterval", str(target.poll_interval))),
        )
        self._targets.put(changed)
        return self._shown(call, changed)

    def _shown(self, call: Call, target: Target) -> Json:
        trouble = backup_targets.trouble(target)
        return backup_resources.backup_target(target, trouble, call.urls, changeable=self._changeable)


def _seconds(text: str) -> int:
    """Of a number of seconds, or a duration as Go writes it. Raises BackendError InvalidArgument."""
    match = _DURATION.fullmatch(text)
    if not text or not match:
        raise BackendError("InvalidArgument", f"pollInterval {text!r} is not a number of seconds, nor like 5m0s")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
