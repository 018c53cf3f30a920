"""Putting a faulty method of one object in the place of the clean one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Clean = Callable[..., Any]
"""The method that a fault stands before: the clean one, or that of another fault."""


def wrap(owner: object, method: str, faulty: Callable[..., Any]) -> None:
    """Let ``owner.method(...)`` be ``faulty(clean, ...)``. Other objects of its class stay as they are."""
    vars(owner)[method] = functools.partial(faulty, getattr(owner, method))


def inner(owner: object, name: str) -> Any:
    """A part that an object keeps to itself: a fault may be where nobody else has to reach."""
    return getattr(owner, name)


def put(owner: object, name: str, value: object) -> None:
    """Replace a part of an object, one that it keeps to itself included."""
    vars(owner)[name] = value
