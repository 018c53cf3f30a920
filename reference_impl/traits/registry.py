"""The traits by name, and how a driver takes them on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .capabilities import NoClone, NodeExpansion, NoListSnapshots
from .limits import MaxNodeSize, MaxSize, OfflineExpansion
from .node_local import NodeLocal
from .scripted import Scripted
from .trait import Trait

if TYPE_CHECKING:
    from ..driver.services import Services

TRAITS: tuple[type[Trait], ...] = (
    NoListSnapshots,
    NoClone,
    NodeExpansion,
    OfflineExpansion,
    MaxSize,
    MaxNodeSize,
    Scripted,
    NodeLocal,
)


def chosen(wanted: Sequence[str]) -> list[Trait]:
    """The traits for ``NAME`` or ``NAME=VALUE``. Raises ValueError naming the wrong one and all there are."""
    by_name = {trait.name: trait for trait in TRAITS}
    found = []
    for text in wanted:
        name, _, value = text.partition("=")
        if name not in by_name:
            raise ValueError(f"unknown trait {name!r}: known are {', '.join(by_name)}")
        try:
            found.append(by_name[name](value))
        except ValueError as error:
            raise ValueError(f"trait {text!r}: {error}") from None
    return found


def apply(traits: Sequence[Trait], services: Services) -> None:
    """Give the services these traits, before they are served."""
    for trait in traits:
        trait.apply(services)
