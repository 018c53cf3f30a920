"""What a trait is, and how methods are wrapped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ..driver.services import Services

Method = Callable[[Any, Any], Any]
"""(request, context) -> response."""


class Trait(ABC):
    """One peculiarity. The first line of its docstring says what the driver is like."""

    name: ClassVar[str]
    """As typed after ``--trait``; lower-case words joined by "-"."""
    argument: ClassVar[str] = ""
    """What ``=VALUE`` after the name means; "" where there is none."""

    def __init__(self, value: str = "") -> None:
        """Raises ValueError for a value that it cannot use."""
        if bool(value) is not bool(self.argument):
            raise ValueError(f"needs ={self.argument}" if self.argument else "takes no value")

    @abstractmethod
    def apply(self, services: Services) -> None:
        """Wrap methods of the services, before they are served."""


def wrap(service: Any, method: str, around: Callable[[Method, Any, Any], Any]) -> None:
    """Have ``around(clean, request, context)`` answer in the place of a method."""
    clean: Method = getattr(service, method)
    vars(service)[method] = lambda request, context: around(clean, request, context)
