"""What a fault is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class Fault(ABC):
    """One defect. The first line of its docstring says what a user would notice."""

    name: ClassVar[str]
    """As typed after ``--fault``; lower-case words joined by "-"."""
    component: ClassVar[str]
    """The role that has it, e.g. "backend", "driver", "snapshot-controller"."""
    breaks: ClassVar[tuple[str, ...]]
    """Ids of the clauses that must fail while it is on."""

    @abstractmethod
    def apply(self, target: Any) -> None:
        """Wrap one method of ``target``, the object its role hands over at its start."""
