"""Fixtures: one backend and one browser for all tests of this folder, an empty pool and a new page for each.

Neither outlives the folder: while the browser is driven, no other test could run an event loop.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from reference.backend.served import serve
from reference.private_mounts import private_mounts

from .site import Backend, Site
from .stand_in import StandIn

__all__ = ["private_mounts"]

Visit = Callable[..., Site]

ARGUMENTS = [
    "--no-sandbox",  # it runs as root
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
]

PATIENCE = 30_000
"""Milliseconds until what does not come counts as missing, on a machine that is busy with other tests."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def serving(private_mounts: None) -> Iterator[Backend]:
    backend = Backend(Path(tempfile.mkdtemp(prefix="csi-ui-")))
    backend.start()
    yield backend
    backend.clear()


@pytest.fixture
def backend(serving: Backend) -> Iterator[Backend]:
    """It has two nodes and no volumes."""
    yield serving
    serving.empty()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; nothing is downloaded."""
    program = shutil.which("chromium")
    assert program, "chromium is missing: sh ci/system_packages.sh tests"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def pages(browser: Browser) -> Iterator[Callable[..., Site]]:
    """Opens a page for a UI, as ``Browser.new_context`` is told. At the end nothing may have gone wrong in it."""
    opened: list[Site] = []

    def open_page(url: str, **context: Any) -> Site:
        context.setdefault("viewport", {"width": 1280, "height": 800})
        page = browser.new_context(**context).new_page()
        page.set_default_timeout(PATIENCE)
        opened.append(Site(page, url))
        return opened[-1]

    yield open_page
    for site in opened:
        site.page.context.close()
        assert (site.errors, site.foreign) == ([], [])


@pytest.fixture
def visit(backend: Backend, pages: Callable[..., Site]) -> Visit:
    """Opens a page on the real backend."""
    return partial(pages, backend.url)


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def stage(stand_in: StandIn) -> Iterator[str]:
    """The address of the stand-in."""
    with serve(stand_in.application()) as served:
        yield served.base


@pytest.fixture
def staged(stage: str, pages: Callable[..., Site]) -> Visit:
    """Opens a page on the stand-in."""
    return partial(pages, stage)


@pytest.fixture
def site(visit: Visit) -> Site:
    return visit()
