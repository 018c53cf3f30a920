"""Which size a volume gets: a multiple of 2 MiB, at least 10 MiB, within what was asked (Longhorn's numbers)."""

from __future__ import annotations

import grpc

from ..wire import csi_pb2
from .refusals import Refusal

MIB = 1 << 20
ALIGNMENT = 2 * MIB
MINIMUM = 10 * MIB
XFS_MINIMUM = 300 * MIB
"""mkfs.xfs refuses less."""


def minimum(fs_type: str) -> int:
    """The least a volume for this filesystem has; "" for any, and for block volumes."""
    return XFS_MINIMUM if fs_type == "xfs" else MINIMUM


def aligned(size: int) -> int:
    """``size`` rounded up."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def choose(asked: csi_pb2.CapacityRange, least: int = MINIMUM) -> int:
    """The size in bytes for ``asked``. Raises Refusal OUT_OF_RANGE."""
    if asked.required_bytes < 0 or asked.limit_bytes < 0:
        raise out_of_range("a size cannot be negative")
    size = aligned(max(asked.required_bytes, least))
    if asked.limit_bytes and size > asked.limit_bytes:
        raise out_of_range(
            f"the smallest size for this request is {size} bytes, above its limit of {asked.limit_bytes}"
        )
    return size


def of_copy(asked: csi_pb2.CapacityRange, source: int) -> int:
    """The size of a restore or clone of ``source`` bytes. Raises Refusal OUT_OF_RANGE if asked for less."""
    if asked.required_bytes > 0 and choose(asked) < source:
        raise out_of_range(f"{asked.required_bytes} bytes are less than the {source} of the source")
    return choose(asked, max(source, MINIMUM))


def fits(asked: csi_pb2.CapacityRange, size: int) -> bool:
    """Whether an existing volume of ``size`` bytes satisfies ``asked``."""
    return asked.required_bytes <= size and (not asked.limit_bytes or size <= asked.limit_bytes)


def out_of_range(message: str) -> Refusal:
    return Refusal(grpc.StatusCode.OUT_OF_RANGE, message)
