"""Fixtures: the pages that the stage before has made of a conformance run, served on this machine alone."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[3]
PAGES = Path(os.environ.get("CSI_ALLURE_PAGES", ROOT / "ci/artifacts/allure-pages"))
ARGUMENTS = [
    "--no-sandbox",  # it runs as root
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
]
PATIENCE = 30_000
"""Milliseconds until what does not come counts as missing."""
expect.set_options(timeout=PATIENCE)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the one it overrides
        pass


class Server(ThreadingHTTPServer):
    """Takes all the requests of a page at once, also on a busy machine."""

    request_queue_size = 128


@pytest.fixture(scope="package")
def address() -> Iterator[str]:
    assert (PAGES / "index.html").is_file(), (
        f"{PAGES} has no pages: python ci/generate_allure_pages.py RESULTS {PAGES}"
    )
    with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=str(PAGES))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="package")
def browser_page() -> Iterator[Callable[[], Page]]:
    program = shutil.which("chromium")
    assert program, "chromium is missing: sh ci/system_packages.sh tests"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield lambda: browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


@pytest.fixture
def page(address: str, browser_page: Callable[[], Page]) -> Iterator[Page]:
    """The pages' first one. At the end nothing may have gone wrong in it, nor have been asked of anybody else."""
    opened = browser_page()
    opened.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: wrong.extend(_foreign(request.url, address)))
    opened.goto(address)
    yield opened
    opened.close()
    assert not wrong


def _foreign(url: str, address: str) -> list[str]:
    return [] if url.startswith((address, "data:", "blob:")) else [url]
