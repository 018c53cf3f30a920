"""Which volume a VolumeAttachment is of, and for which node: readings by which attachments are found."""

from __future__ import annotations

from .kube.client import Json


def volume_name(attachment: Json) -> str | None:
    """The PV of an attachment; None for an inline volume."""
    name = attachment["spec"]["source"].get("persistentVolumeName")
    return None if name is None else str(name)


def of_volume(attachment: Json) -> tuple[str, ...]:
    """By the name of the PV."""
    name = volume_name(attachment)
    return (name,) if name else ()


def to_node(attachment: Json) -> tuple[str, ...]:
    """By the name of the node."""
    return (str(attachment["spec"]["nodeName"]),)
