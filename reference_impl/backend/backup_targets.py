"""Where backups go. There is always the target ``default``, a folder of the data directory until it is changed.

Whether a target can be used is found out each time it is asked: whoever mounts the folder tells nobody here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from . import backup_urls
from .backup_records import Target
from .backup_settings import POLL, SECRET, TARGET
from .errors import BackendError
from .records import Records
from .settings import Settings

DEFAULT = "default"


class Targets(Protocol):
    """The targets of one backend."""

    def all(self) -> list[Target]:
        """Sorted by name."""

    def put(self, target: Target) -> None:
        """Make or change one. Raises BackendError InvalidArgument, FailedPrecondition."""

    def delete(self, name: str) -> None:
        """One that is not there is as good. Raises BackendError FailedPrecondition."""


class TargetObjects:
    """Targets that can be made, changed and deleted."""

    def __init__(self, records: Records[Target], default_url: str) -> None:
        self._records = records
        self._default_url = default_url

    def all(self) -> list[Target]:
        found = self._records.all()
        if self._records.get(DEFAULT) is None:
            found.append(Target(DEFAULT, self._default_url))
        return sorted(found, key=lambda target: target.name)

    def put(self, target: Target) -> None:
        why = backup_urls.why_not_target(target.url)
        if why:
            raise BackendError("InvalidArgument", f"a backup target must be {why}; not {target.url!r}")
        self._records.put(target)

    def delete(self, name: str) -> None:
        if name == DEFAULT:
            raise BackendError("FailedPrecondition", f"backup target {DEFAULT} stays; its URL can be set to ''")
        self._records.drop(name)


class TargetSettings:
    """One target, which is three settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> list[Target]:
        url, secret, poll = (self._settings.value(name) for name in (TARGET, SECRET, POLL))
        return [Target(DEFAULT, url, secret, int(poll))]

    def put(self, target: Target) -> None:
        raise BackendError("FailedPrecondition", f"backup target {target.name} is the setting {TARGET}")

    def delete(self, name: str) -> None:
        raise BackendError("FailedPrecondition", f"backup target {name} is the setting {TARGET}")


def get(targets: Targets, name: str) -> Target:
    """Raises BackendError NotFound."""
    for target in targets.all():
        if target.name == name:
            return target
    raise BackendError("NotFound", f"backup target {name} not found")


def trouble(target: Target) -> str:
    """Why the target cannot be used now; "" if it can."""
    if not target.url:
        return "the backup target URL is not set"
    path = backup_urls.folder(target.url)
    if not path.is_dir():
        return f"{path} is not a folder"
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return f"{path} cannot be written"
    return ""


def root(target: Target) -> Path:
    """The folder of a target that can be used. Raises BackendError FailedPrecondition."""
    why = trouble(target)
    if why:
        raise BackendError("FailedPrecondition", f"backup target {target.name} is not available: {why}")
    return backup_urls.folder(target.url)
