"""Faults of clones, as the driver makes and publishes them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import grpc

from ..driver.refusals import Refusal, invalid
from ..wire import csi_pb2
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..driver.backend import Backend
    from ..driver.backend.volumes import Volume
    from ..driver.services import Services


class CloneFailureSticks(Fault):
    """A clone that failed once stays failed for ever, whatever the reason was."""

    name = "clone-failure-sticks"
    component = "driver"
    breaks = ("CLN-001", "CLN-011", "CLN-013")
    kind = "flaky"
    issue = "https://github.com/longhorn/longhorn/issues/3886"
    seen = "L15"

    def apply(self, target: Services) -> None:
        """The first call for a clone answers ABORTED, and its failure is kept as the state of the volume."""
        guard, begun = threading.Lock(), set[str]()

        def sticking(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            if not request.volume_content_source.HasField("volume"):
                return clean(request, context)
            with guard:
                again = request.name in begun
                begun.add(request.name)
            if again:
                raise Refusal(grpc.StatusCode.INTERNAL, f"volume {request.name}: clone state is failed")
            raise Refusal(grpc.StatusCode.ABORTED, f"volume {request.name}: cloning did not start in time")

        wrap(target.controller, "CreateVolume", sticking)


class CloneNeverPublished(Fault):
    """A clone is bound, and no pod that uses it starts: the driver says that it is not ready for workloads."""

    name = "clone-never-ready-for-workloads"
    component = "driver"
    breaks = ("CLN-001", "CLN-002", "CLN-005", "CLN-013")
    kind = "state"
    issue = "https://github.com/longhorn/longhorn/issues/12206"
    seen = "L15"

    def apply(self, target: Services) -> None:
        """ControllerPublishVolume of a volume that was made of another is refused with ABORTED."""
        backend: Backend = inner(target.controller, "_backend")

        def unready(clean: Clean, request: csi_pb2.ControllerPublishVolumeRequest, context: Any) -> Any:
            found = backend.volumes.find(request.volume_id) if request.volume_id else None
            if found and found.data_source.startswith("vol://"):
                raise Refusal(grpc.StatusCode.ABORTED, f"volume {found.name} is not ready for workloads")
            return clean(request, context)

        wrap(target.controller, "ControllerPublishVolume", unready)


class CloneOnlyOfSameSize(Fault):
    """A clone that is larger than its source is refused."""

    name = "larger-clone-refused"
    component = "driver"
    breaks = ("CLN-005",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """CreateVolume from a volume answers OUT_OF_RANGE unless the sizes are equal."""
        backend: Backend = inner(target.controller, "_backend")

        def equal_only(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            source = _source(backend, request)
            wanted = request.capacity_range.required_bytes
            if source and wanted > source.size:
                text = f"size {wanted} of the clone is not that of its source, {source.size}"
                raise Refusal(grpc.StatusCode.OUT_OF_RANGE, text)
            return clean(request, context)

        wrap(target.controller, "CreateVolume", equal_only)


class CloneOfCloneRefused(Fault):
    """A volume that is itself a copy cannot be cloned."""

    name = "clone-of-copy-refused"
    component = "driver"
    breaks = ("CLN-011",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """CreateVolume from a volume that has a data source is refused."""
        backend: Backend = inner(target.controller, "_backend")

        def first_hand(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            source = _source(backend, request)
            if source and source.data_source:
                text = f"volume {source.name} is a copy of {source.data_source} and still depends on it"
                raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, text)
            return clean(request, context)

        wrap(target.controller, "CreateVolume", first_hand)


class CloneInUseRefused(Fault):
    """A clone of a volume that a pod writes to is refused without a word about why."""

    name = "clone-in-use-refused-without-reason"
    component = "driver"
    breaks = ("CLN-012",)
    kind = "errors"

    def apply(self, target: Services) -> None:
        """INTERNAL with an empty text."""
        backend: Backend = inner(target.controller, "_backend")

        def mute(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            source = _source(backend, request)
            if source and source.nodes:
                raise Refusal(grpc.StatusCode.INTERNAL, "")
            return clean(request, context)

        wrap(target.controller, "CreateVolume", mute)


class ClaimsCloneOnly(Fault):
    """The driver says that it clones volumes, and refuses every clone."""

    name = "clone-claimed-not-made"
    component = "driver"
    breaks = ("RPC-CAP-002", "CLN-001")
    kind = "errors"

    def apply(self, target: Services) -> None:
        """CreateVolume from a volume answers INVALID_ARGUMENT while CLONE_VOLUME is announced."""

        def refusing(clean: Clean, request: csi_pb2.CreateVolumeRequest, context: Any) -> Any:
            if request.volume_content_source.HasField("volume"):
                raise invalid("volumes cannot be made of volumes")
            return clean(request, context)

        wrap(target.controller, "CreateVolume", refusing)


def _source(backend: Backend, request: csi_pb2.CreateVolumeRequest) -> Volume | None:
    """The volume that a clone is asked of; None where it is no clone, or of a volume that is not there."""
    name = request.volume_content_source.volume.volume_id
    return backend.volumes.find(name) if name else None
