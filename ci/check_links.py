"""Checks every link of every page: the file is there, and has that heading. Addresses are not asked for.

python ci/check_links.py            exit 1 with a line for each link that leads nowhere
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:")


def pages(root: Path = ROOT) -> list[Path]:
    """The pages that git knows, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    # Fragments of the changelog become a part of it, one folder up.
    found = [line for line in listed.stdout.splitlines() if not line.startswith("changelog.d/")]
    # A link to a folder lists what is in it a second time.
    return sorted({(root / line).resolve() for line in found if (root / line).exists()})


def troubles(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for target in links(page):
        if _ELSEWHERE.match(target) or target.startswith("//"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / unquote(path)).resolve() if path else page
        if not file.exists():
            yield f"{page.relative_to(ROOT)}: {target}: there is no such file"
        elif anchor and file.suffix == ".md" and unquote(anchor) not in anchors(file):
            yield f"{page.relative_to(ROOT)}: {target}: {file.name} has no such heading"


def links(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page lead to."""
    for token in _flat(MarkdownIt().enable("table").parse(page.read_text())):
        target = token.attrGet("href") or token.attrGet("src")
        if target is not None:
            yield str(target)


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get, by GitHub's rule."""
    tokens = MarkdownIt().enable("table").parse(page.read_text())
    found: set[str] = set()
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(child.content for child in inline.children or [])
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            number = sum(one == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", one) is not None for one in found)
            found.add(f"{slug}-{number}" if number else slug)
    return found


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def main() -> int:
    found = [trouble for page in pages() for trouble in troubles(page)]
    print("\n".join(found) or f"{len(pages())} pages, every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
