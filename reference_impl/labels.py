"""Which keys labels of Kubernetes can have, and so those of backups."""

from __future__ import annotations

import re

_QUALIFIED = re.compile(
    r"(?:(?=.{1,253}/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)


def is_qualified(key: str) -> bool:
    """Whether ``key`` is a qualified name: at most 63 characters, perhaps behind a DNS name and one slash."""
    return bool(_QUALIFIED.fullmatch(key))
