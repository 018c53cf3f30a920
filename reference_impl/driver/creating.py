"""How a volume comes to be: what is asked for, what is there already, and when its data is all there."""

from __future__ import annotations

import grpc

from ..profiles import Profile
from ..wire import csi_pb2
from . import access, sizes, sources, storage_class
from .backend import Backend
from .backend.volumes import Volume
from .names import volume_name
from .patience import Patience
from .refusals import Refusal, need
from .sources import Sources


class Creating:
    """What CreateVolume does."""

    def __init__(self, backend: Backend, its_sources: Sources, profile: Profile, patience: Patience) -> None:
        self._volumes = backend.volumes
        self._sources = its_sources
        self._profile = profile
        self._patience = patience

    def create(self, request: csi_pb2.CreateVolumeRequest, context: grpc.ServicerContext) -> csi_pb2.Volume:
        """Idempotent by name. Raises Refusal."""
        name = volume_name(need(request.name, "volume name"))
        access.check(request.volume_capabilities)
        mode = access.volume_mode(request.volume_capabilities[0])
        chosen = storage_class.chosen(request.parameters)
        source = sources.asked(request, chosen.source, self._profile)
        volume = self._volumes.find(name)
        if volume is None:
            found = self._sources.find(source, context)
            size = _size(request, found.size, chosen.fs_type)
            fields = {**chosen.fields, **found.fields, "accessMode": access.shared(request.volume_capabilities)}
            volume = self._volumes.create(name, size, mode, fields)
        elif (volume.mode, sources.of(volume)) != (mode, source):
            raise _exists(name, "of another mode or source")
        elif not sizes.fits(request.capacity_range, volume.size):
            raise _exists(name, f"of {volume.size} bytes, which is not in the range asked for")
        if self._profile.restores_before_answering:
            volume = self._filled(volume, context)
        from_content = request.HasField("volume_content_source")
        return csi_pb2.Volume(
            volume_id=name,
            capacity_bytes=volume.size,
            volume_context=request.parameters,
            content_source=request.volume_content_source if from_content else None,
        )

    def _filled(self, volume: Volume, context: grpc.ServicerContext) -> Volume:
        """``volume`` when its data is all there. Raises Refusal ABORTED: it is not yet; INTERNAL: never."""
        if volume.restoring:
            volume = self._patience.until(
                context, lambda: self._volumes.get(volume.name), lambda now: not now.restoring
            )
        if volume.restore_error:
            # INTERNAL is final: the caller will not come back for what is left.
            self._volumes.delete(volume.name)
            raise Refusal(grpc.StatusCode.INTERNAL, f"volume {volume.name}: {volume.restore_error}")
        if volume.restoring:
            raise Refusal(grpc.StatusCode.ABORTED, f"volume {volume.name} is still being restored")
        return volume


def _size(request: csi_pb2.CreateVolumeRequest, source_size: int, fs_type_of_class: str) -> int:
    """In bytes. Raises Refusal OUT_OF_RANGE."""
    if source_size:
        return sizes.of_copy(request.capacity_range, source_size)
    fs_type = request.volume_capabilities[0].mount.fs_type or fs_type_of_class
    return sizes.choose(request.capacity_range, sizes.minimum(fs_type))


def _exists(name: str, how: str) -> Refusal:
    return Refusal(grpc.StatusCode.ALREADY_EXISTS, f"volume {name} exists already, {how}")
