"""What can be wrong in a backupstore. The texts are shown to users."""

from __future__ import annotations


class StoreError(Exception):
    """The operation failed; what was there before still is."""


class UnreadableError(StoreError):
    """A configuration that is not what it should be."""


class BlockError(StoreError):
    """A block is missing, or is not what its name says."""


class LockedError(StoreError):
    """Somebody else works on these backups."""


class StoppedError(StoreError):
    """Whoever asked for it no longer wants it."""
