"""Numbered records, appended to several files in turn: together they tell whether the order was kept."""

from __future__ import annotations

import zlib

SIZE = 64
"""Bytes of a record."""


class OrderError(Exception):
    """The files are not what they were together after any of the writes."""


def record(number: int) -> bytes:
    body = f"{number:020d}".encode()
    return body + f" {zlib.crc32(body):010d}".encode().ljust(SIZE - len(body) - 1, b".") + b"\n"


def last(*contents: bytes) -> int:
    """The number of the write after which the files held this. Raises OrderError."""
    numbers = sorted(number for content in contents for number in _numbers(content))
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            raise OrderError(f"write {numbers[-1]} is there, write {expected} is not")
    return len(numbers)


def _numbers(content: bytes) -> list[int]:
    if len(content) % SIZE:
        raise OrderError(f"a file ends in {len(content) % SIZE} bytes of a record")
    found = [content[place : place + SIZE] for place in range(0, len(content), SIZE)]
    for each in found:
        if not each[:20].isdigit() or each != record(int(each[:20])):
            raise OrderError(f"there is no whole record, but {each!r}")
    return [int(each[:20]) for each in found]
