"""Numbered records, written round robin over a block device, from which a cut's place among the writes is told."""

from __future__ import annotations

import hashlib
import struct

SIZE = 4096
"""Bytes of a record, and of the slot it fills."""
_HEAD = struct.Struct("<Q")
_DIGEST = 16


class TornError(Exception):
    """A device's content is not what it was after any of the writes."""


def record(number: int) -> bytes:
    """The record of the write of that number, from 1 on."""
    body = _HEAD.pack(number) * ((SIZE - _DIGEST) // _HEAD.size)
    return body + hashlib.blake2b(body, digest_size=_DIGEST).digest()


def newest(content: bytes) -> int:
    """The number of the write after which ``content`` was the device's; 0 before the first. Raises TornError.

    After write n each slot has the newest record up to n that belongs there.
    """
    found = [_number(content[place : place + SIZE], place) for place in range(0, len(content), SIZE)]
    last, slots = max(found), len(found)
    for slot, number in enumerate(found):
        expected = max(0, last - (last - 1 - slot) % slots)
        if number != expected:
            raise TornError(f"write {last} is there, but slot {slot} has record {number} instead of {expected}")
    return last


def slot_of(number: int, slots: int) -> int:
    """Where the record of a write belongs."""
    return (number - 1) % slots


def _number(block: bytes, place: int) -> int:
    if block == bytes(SIZE):
        return 0
    number = int(_HEAD.unpack_from(block)[0])
    if block != record(number):
        raise TornError(f"at byte {place} there is no whole record")
    return number
