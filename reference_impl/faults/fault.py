"""What a fault is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

KINDS = ("data", "state", "lifecycle", "errors", "concurrency", "flaky", "groups", "expansion")
"""What a fault spoils, as whoever looks for one of a sort would ask."""


class Fault(ABC):
    """One defect. The first line of its docstring says what a user would notice."""

    name: ClassVar[str]
    """As typed after ``--fault``; lower-case words joined by "-"."""
    component: ClassVar[str]
    """The role that has it, e.g. "backend", "driver", "snapshot-controller"."""
    breaks: ClassVar[tuple[str, ...]]
    """Ids of clauses: the first must fail while it is on, the others may."""
    kind: ClassVar[str]
    """One of KINDS, or "jitter"."""
    issue: ClassVar[str] = ""
    """Address of the public issue about a driver or controller that had it; "" where none is known."""
    seen: ClassVar[str] = ""
    """Number that the list of bugs seen in Longhorn gives it, e.g. "L07"; "" for none."""

    @abstractmethod
    def apply(self, target: Any) -> None:
        """Wrap one method of ``target``, the object its role hands over at its start."""
