"""Words that a user typed: read into values, or refused in one line with the nearest right one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def nearest(word: str, known: Iterable[str]) -> str:
    """What to append to "unknown X": the nearest known word, or all of them where nothing is near."""
    import difflib

    choices = list(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(choices[:20])
    return f"known: {shown}{', …' if len(choices) > 20 else ''}"


def typed(name: str) -> str:
    return "--" + name.replace("_", "-")


def one_of(name: str, value: str, known: tuple[str, ...], not_yet: Collection[str] = ()) -> None:
    """Refuse a value that is not known, or that is known but not built yet."""
    if value not in known:
        raise pytest.UsageError(f"{typed(name)}: unknown value {value!r}; {nearest(value, known)}")
    if value in not_yet:
        usable = ", ".join(word for word in known if word not in not_yet)
        raise pytest.UsageError(f"{typed(name)}={value} is not available yet; available: {usable}")


def flag(name: str, value: str | bool | list[str] | None) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value or "false").strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise pytest.UsageError(f"{typed(name)}: {value!r} is neither true nor false")
    return word in _TRUE


def many(value: str | bool | list[str] | None) -> tuple[str, ...]:
    """Words separated by commas, repeated options, or lines; each word once, in the order given."""
    lines = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    words = (word.strip() for line in lines for word in line.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def some(name: str, value: str) -> int:
    """A number of objects; 0 where none is given."""
    if value and (not value.isdecimal() or not 0 < int(value) <= 10_000):
        raise pytest.UsageError(f"{typed(name)}: {value!r} is not a number from 1 to 10000")
    return int(value or 0)


def factor(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0.1 <= number <= 1000:
        raise pytest.UsageError(f"{typed(name)}: {value!r} is not a number from 0.1 to 1000")
    return number


def node_count(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 9:
        raise pytest.UsageError(f"--csi-nodes: {value!r} is not a number of nodes from 1 to 9")
    return int(value)


def existing_path(name: str, value: str) -> str:
    if not value:
        return ""
    path = Path(value).expanduser()
    if name == "csi_assets" and not path.is_dir():
        raise pytest.UsageError(f"--csi-assets: no directory {value!r}")
    if not path.exists():
        raise pytest.UsageError(f"{typed(name)}: no file {value!r}")
    return str(path.absolute())
