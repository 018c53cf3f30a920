"""How blocks are compressed. The names are those of the format; "" in an old configuration is gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import lz4.frame

from .errors import BlockError

DEFAULT = "lz4"


@dataclass(frozen=True)
class Method:
    """``unpack`` gets the size of a whole block too, makes little more than that, and raises BlockError."""

    pack: Callable[[bytes], bytes]
    unpack: Callable[[bytes, int], bytes]


def _unpack_gzip(packed: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(packed, size + 1)
    except zlib.error as error:
        raise BlockError(f"it is not gzip: {error}") from error


def _unpack_lz4(packed: bytes, size: int) -> bytes:
    try:
        plain: bytes = lz4.frame.LZ4FrameDecompressor().decompress(packed, size + 1)
    except RuntimeError as error:
        raise BlockError(f"it is not lz4: {error}") from error
    return plain


METHODS: dict[str, Method] = {
    "none": Method(lambda plain: plain, lambda packed, _: packed),
    "gzip": Method(lambda plain: gzip.compress(plain, compresslevel=6, mtime=0), _unpack_gzip),
    "lz4": Method(lambda plain: bytes(lz4.frame.compress(plain)), _unpack_lz4),
}
