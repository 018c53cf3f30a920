"""Objects by something that they say, so that nobody has to look through all of them for each change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from .client import Json

Reading = Callable[[Json], Iterable[Hashable]]
"""The values by which an object is to be found; none where nobody would look for it."""


class Index:
    """Keys of objects by the values that ``read`` finds in them. Not locked: its collection does that."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._keys: dict[Hashable, dict[str, None]] = {}
        """Value -> the keys, in the order in which they came to have it."""
        self._values: dict[str, tuple[Hashable, ...]] = {}

    def put(self, key: str, obj: Json | None) -> None:
        """The object of this key is so now; None: there is none."""
        values = tuple(dict.fromkeys(self._read(obj))) if obj is not None else ()
        before = self._values.pop(key, ())
        for value in before:
            if value not in values:
                self._forget(value, key)
        for value in values:
            self._keys.setdefault(value, {})[key] = None
        if values:
            self._values[key] = values

    def keys(self, value: Hashable) -> tuple[str, ...]:
        """Keys of the objects that have the value."""
        return tuple(self._keys.get(value, ()))

    def _forget(self, value: Hashable, key: str) -> None:
        having = self._keys[value]
        del having[key]
        if not having:
            del self._keys[value]
