"""The backend's UI in a browser, for the steps that the tutorial shows as pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PICTURES = "CSI_WALKTHROUGH_PICTURES"
"""Environment variable: a folder for screenshots; without it there are none."""

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 30_000
"""Milliseconds until what does not come counts as missing."""


class Site:
    """The UI's pages."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    def open(self, place: str) -> None:
        """A page by what follows ``#/``, once it shows what the backend has now."""
        from playwright.sync_api import expect

        self.page.goto(f"{self._url}/#/{place}")
        expect(self.page.get_by_role("banner").get_by_role("status")).to_have_text("Live", timeout=_PATIENCE)

    def row(self, volume: str) -> Locator:
        """The line of a volume in the list."""
        link = self.page.get_by_role("link", name=volume, exact=True)
        return self.page.get_by_role("row").filter(has=link)

    def cell(self, volume: str, column: str) -> str:
        """What stands in a column of that line."""
        titles = [title.strip() for title in self.page.get_by_role("columnheader").all_inner_texts()]
        return self.row(volume).get_by_role("cell").nth(titles.index(column)).inner_text().strip()

    def picture(self, name: str) -> None:
        """A screenshot, where somebody wants them."""
        if folder := os.environ.get(PICTURES):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")


@contextmanager
def browsing(url: str) -> Iterator[Site]:
    """A browser that reaches nothing but the UI; the test is skipped where there is none."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="the UI is looked at with playwright, which is not here"
    )
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"the UI is looked at with a browser, and none is here: {', '.join(_PROGRAMS)}")
    rules = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {urlsplit(url).hostname}"
    with api.sync_playwright() as playwright:
        # Root has no sandbox in Chromium.
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--no-proxy-server", rules]
        )
        page = started.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(_PATIENCE)
        yield Site(page, url)
        started.close()
