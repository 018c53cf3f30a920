"""Generates the table of ``docs/walkthrough.md`` from the walkthrough's own source.

    python ci/generate_walkthrough.py            write it
    python ci/generate_walkthrough.py --check    exit 1 if it differs

A chapter is a file, a line is a test: its docstring tells the tutorial's line, its commands are those it runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from generated import ROOT, settle

STORY = ROOT / "suites" / "walkthrough"
PAGE = ROOT / "docs" / "walkthrough.md"
BEGIN, END = "<!-- from here on generated -->\n", "<!-- to here -->\n"
TERMINAL = ("run", "attempt", "follow")
"""Methods of the story's shell whose first argument is a command."""


def words(node: ast.expr) -> str:
    """The text of a string, with the name of what is filled in, in capitals, at its place."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(words(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return ast.unparse(node.value).upper()
    raise SystemExit(f"a command in line {node.lineno} is not written out: {ast.unparse(node)}")


def commands(test: ast.FunctionDef) -> Iterator[str]:
    """What a test types, as a reader of the tutorial would; what is typed instead of that comes behind it."""
    calls = [node for node in ast.walk(test) if isinstance(node, ast.Call) and _types(node)]
    for call in sorted(calls, key=lambda call: call.lineno):
        typed = code(words(call.args[0]))
        instead = [code(words(given.value)) for given in call.keywords if given.arg == "instead_of"]
        yield f"{instead[0]}, here: {typed}" if instead else typed


def _types(call: ast.Call) -> bool:
    method = call.func
    return isinstance(method, ast.Attribute) and method.attr in TERMINAL and ast.unparse(method.value) == "shell"


def code(command: str) -> str:
    """A command in a cell of a table."""
    return "`" + command.replace("|", r"\|") + "`"


def chapter(file: Path) -> Iterator[str]:
    """The lines of the page for one file."""
    tree = ast.parse(file.read_text())
    yield f"\n## {_told(tree)}\n"
    yield "| the tutorial | commands | shown by |"
    yield "|---|---|---|"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            place = f"[{node.name}](../suites/walkthrough/{file.name})"
            yield f"| {_told(node)} | {'<br>'.join(commands(node))} | {place} |"


def _told(node: ast.Module | ast.FunctionDef) -> str:
    told = ast.get_docstring(node)
    if told is None:
        raise SystemExit(f"{getattr(node, 'name', 'a file')} of the walkthrough has no docstring")
    return " ".join(told.split()).removesuffix(".")


def page() -> str:
    """The page with its table made anew."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(line for file in sorted(STORY.glob("test_*.py")) for line in chapter(file))
    return f"{before}{BEGIN}{table}\n\n{END}{after}"


def main(argv: list[str]) -> int:
    return settle(argv, PAGE, page(), script="generate_walkthrough.py")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
