"""What one client knows, and whether the backend keeps to it."""

from __future__ import annotations

from .client import Client
from .observing import observe
from .operations import Operation
from .world import World, differences


class Knowledge:
    """``world`` is what was acknowledged; ``doubtful`` was asked for and not answered.

    All the client's things have names that begin with ``prefix``; others' may be in its world, to copy from.
    """

    def __init__(self, prefix: str = "", world: World | None = None) -> None:
        self.prefix = prefix
        self.world = world or World()
        self.doubtful: Operation | None = None

    def perform(self, client: Client, operation: Operation) -> None:
        """Raises GoneError, and remembers what was not answered."""
        self.doubtful = operation
        operation.perform(client)
        self.world = operation.applied(self.world)
        self.doubtful = None

    def check(self, client: Client) -> None:
        """All that was acknowledged is there and nothing else; what is doubtful was done or was not.

        Then no doubt is left: whoever got no answer asks again.
        """
        observed = observe(client, self.prefix)
        found = [differences(each.of(self.prefix), observed) for each in self._possible()]
        assert [] in found, self._told(found)
        if self.doubtful:
            self.perform(client, self.doubtful)

    def _possible(self) -> list[World]:
        return [self.world, *([self.doubtful.applied(self.world)] if self.doubtful else [])]

    def _told(self, found: list[list[str]]) -> str:
        told = "after the restart:" + "".join(f"\n  {line}" for line in found[0])
        if self.doubtful:
            told += f"\nor, with {self.doubtful} done:" + "".join(f"\n  {line}" for line in found[1])
        return told
