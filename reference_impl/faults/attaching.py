"""Faults of the attacher: pods that never get their volumes, and volumes that are never let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.attacher.attachments import Attachments
    from ..controllers.kube.client import Json


class AttachedWithoutDriver(Fault):
    """A volume is told to be attached, and no pod that uses it ever starts: the driver was not asked."""

    name = "attached-without-asking-the-driver"
    component = "csi-attacher"
    breaks = ("PFL-013",)
    kind = "state"

    def apply(self, target: Attachments) -> None:
        """ControllerPublishVolume is not called."""

        def idle(_clean: Clean, _attachment: Json) -> dict[str, str]:
            return {}

        wrap(target, "_publish", idle)


class AttachmentNeverEnds(Fault):
    """A volume that was used once is never deleted: its attachment keeps a finalizer."""

    name = "attachment-finalizer-left-behind"
    component = "csi-attacher"
    breaks = ("DEL-014", "EXP-008")
    kind = "lifecycle"

    def apply(self, target: Attachments) -> None:
        """A deleted VolumeAttachment is detached and not let go."""

        def detached_only(_clean: Clean, attachment: Json) -> None:
            if inner(target, "_finalizer") in (attachment["metadata"].get("finalizers") or []):
                inner(target, "_unpublish")(attachment)

        wrap(target, "_detach", detached_only)
