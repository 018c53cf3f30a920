"""What keeps a figure from being taken."""

from __future__ import annotations


class BenchError(Exception):
    """It cannot be measured; the text is one line that says what, why, and what to do."""
