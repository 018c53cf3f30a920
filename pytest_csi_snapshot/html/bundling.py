"""One script from ES modules, and one style sheet from several: a page that may load nothing holds them itself.

A module here imports with ``import { a, b } from "./other.js";`` alone, from modules in its folder, and exports
declarations. Their order follows from the imports; each keeps a scope of its own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

FOLDER = "pytest_csi_snapshot.html.assets"
SHEETS = ("base.css", "parts.css", "clauses.css", "timeline.css", "timing.css", "stress.css", "print.css")

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([a-z_]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:const|let|function|class) (\w+))", re.MULTILINE)


def asset(name: str) -> str:
    """The text of one file of the page."""
    return files(FOLDER).joinpath(name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def script() -> str:
    """All modules, each after those that it imports, as one text."""
    order: list[str] = []
    _visit("main", order, ())
    return "".join(_scoped(name) for name in order)


@lru_cache(maxsize=1)
def sheet() -> str:
    """All style sheets as one text."""
    return "".join(asset(name) for name in SHEETS)


def _visit(name: str, order: list[str], above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(f"modules import each other in a circle: {' -> '.join((*above, name))}")
    if name in order:
        return
    for _, needed in _IMPORT.findall(asset(f"{name}.js")):
        _visit(needed, order, (*above, name))
    order.append(name)


def _scoped(name: str) -> str:
    """A module as a function that is called at once and returns what it exports."""
    text = asset(f"{name}.js")
    exported = ", ".join(found for _, found in _EXPORT.findall(text))
    inside = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = from_\2;", text))
    if left := re.search(r"^(?:import|export)\b.*", inside, re.MULTILINE):
        raise ValueError(f"{name}.js: cannot bundle {left[0]!r}")
    return f"const from_{name} = (() => {{\n{inside}return {{ {exported} }};\n}})();\n"
