"""Where a new volume's data comes from: nothing, a volume, a snapshot or a backup."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import grpc

from ..profiles import Profile
from ..wire import csi_pb2
from .backend import Backend
from .backend.transport import Json
from .backend.volumes import Volume
from .backup_snapshots import BackupSnapshots
from .names import BACKUP, NAME, SNAPSHOT, SnapshotHandle
from .refusals import Refusal, invalid, need

VOLUME = "vol"


@dataclass(frozen=True)
class Source:
    """``kind`` is ``VOLUME``, ``SNAPSHOT``, ``BACKUP`` or "" for none; ``name`` is "" for a volume."""

    kind: str = ""
    volume: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}://{self.volume}" + (f"/{self.name}" if self.name else "")


NOTHING = Source()


@dataclass(frozen=True)
class Found:
    """A source that is there: its size in bytes, and the fields of a volume made from it."""

    size: int
    fields: Json


def asked(request: csi_pb2.CreateVolumeRequest, from_class: Source, profile: Profile) -> Source:
    """The content source, else the one of the class. Raises Refusal NOT_FOUND for an id that is none of ours."""
    source = request.volume_content_source
    kind = source.WhichOneof("type")
    if kind is None:
        if request.HasField("volume_content_source"):
            raise invalid("the content source is neither a snapshot nor a volume")
        return from_class
    if from_class != NOTHING:
        raise invalid(f"the class asks for a volume made from {from_class}, the request for one from a {kind}")
    if kind == "volume":
        return Source(VOLUME, need(source.volume.volume_id, "volume id of the content source"))
    snapshot_id = need(source.snapshot.snapshot_id, "snapshot id of the content source")
    handle = SnapshotHandle.parse(snapshot_id)
    if handle is None:
        raise _not_found(snapshot_id)
    return Source(handle.kind if profile.snapshot_crs else BACKUP, handle.volume, handle.name)


def of(volume: Volume) -> Source:
    """What an existing volume was made from."""
    if volume.from_backup:
        return of_url(volume.from_backup) or Source(BACKUP)
    return of_data_source(volume.data_source) or NOTHING


def of_url(url: str) -> Source | None:
    """The backup that ``TARGET?backup=NAME&volume=VOLUME`` names; None for what is no such URL."""
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:  # e.g. a bracket without its other half
        return None
    volume, name = (query.get(key, [""])[0] for key in ("volume", "backup"))
    return Source(BACKUP, volume, name) if NAME.fullmatch(volume) and NAME.fullmatch(name) else None


def of_data_source(text: str) -> Source | None:
    """What ``vol://VOLUME`` or ``snap://VOLUME/SNAPSHOT`` names; None for anything else."""
    scheme, _, rest = text.partition("://")
    if scheme == VOLUME:
        return Source(VOLUME, rest) if NAME.fullmatch(rest) else None
    handle = SnapshotHandle.parse(text)
    return Source(SNAPSHOT, handle.volume, handle.name) if handle and handle.kind == SNAPSHOT else None


class Sources:
    """Looks sources up."""

    def __init__(self, backend: Backend, backups: BackupSnapshots) -> None:
        self._backend = backend
        self._backups = backups

    def find(self, source: Source, context: grpc.ServicerContext) -> Found:
        """Raises Refusal NOT_FOUND; for a backup ABORTED while it is made, FAILED_PRECONDITION if that failed."""
        if source.kind == VOLUME:
            return Found(self._backend.volumes.get(source.volume).size, {"dataSource": str(source)})
        if source.kind == SNAPSHOT:
            snapshot = self._backend.snapshots.find(source.volume, source.name)
            if snapshot is None:
                raise _not_found(str(source))
            return Found(snapshot.size, {"dataSource": str(source)})
        if source.kind == BACKUP:
            return self._backup(source, context)
        return Found(0, {})

    def _backup(self, source: Source, context: grpc.ServicerContext) -> Found:
        backup = self._backups.settled(SnapshotHandle(BACKUP, source.volume, source.name), context)
        if backup is None:
            raise _not_found(str(source))
        if backup.failed:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, f"backup {backup.name} failed: {backup.error}")
        if not backup.completed:
            raise Refusal(grpc.StatusCode.ABORTED, f"backup {backup.name} is still being made")
        return Found(backup.size, {"fromBackup": backup.url})


def _not_found(what: str) -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, f"volume source snapshot {what} is not found")
