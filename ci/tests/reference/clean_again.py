"""Faults in the process of the tests: what they put into modules is taken out again."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType

ROOM = "pytest_csi_snapshot.reference_impl."


@contextlib.contextmanager
def clean_again() -> Iterator[None]:
    """While the body runs functions of modules may be wrapped."""
    before = {
        name: dict(vars(module))
        for name, module in list(sys.modules.items())
        if name.startswith(ROOM) and isinstance(module, ModuleType)
    }
    try:
        yield
    finally:
        for name, known in before.items():
            vars(sys.modules[name]).update(known)
