"""Fixtures: one browser, pages made once from made-up reports, a new window for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from pytest_csi_snapshot.html import render
from pytest_csi_snapshot.report.model import Report
from pytest_csi_snapshot.report.plain import from_plain

from .sample import NOTHING, Sample
from .sample_loads import loads
from .window import Window

Visit = Callable[..., Window]

ARGUMENTS = [
    "--no-sandbox",  # it runs as root
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing leaves this machine
]

PATIENCE = 30_000
"""Milliseconds until what does not come counts as missing, on a machine that is busy with other tests."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; nothing is downloaded."""
    program = shutil.which("chromium")
    assert program, "chromium is missing: sh ci/system_packages.sh tests"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def sample() -> Sample:
    return Sample()


@pytest.fixture(scope="package")
def reports(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pages; ``compared`` has a clean run before it."""
    folder = tmp_path_factory.mktemp("reports")
    clean = Sample(2, broken=False)
    unwritten = Sample(3, broken=False).without_evidence()
    texts = {
        "broken": render(sample.values, sample.read),
        "compared": render(sample.values, sample.read, clean.values, clean.read),
        "clean": render(clean.values, clean.read),
        "unwritten": render(unwritten.values, unwritten.read),
        "empty": render(NOTHING, lambda path: None),
        "stressed": render(with_loads(clean), clean.read),
        "lost": render(with_loads(clean, 999), clean.read),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


def with_loads(sample: Sample, found: int = 1000) -> Report:
    """The report of a sample, one test of which was a stress test."""
    first, *others = sample.report["tests"]
    return from_plain(Report, {**sample.report, "tests": [{**first, "loads": loads(found)}, *others]})


@pytest.fixture
def visit(browser: Browser, reports: Path) -> Iterator[Visit]:
    """Opens a page in a new window. At the end nothing may have gone wrong in it, and nothing been asked for."""
    opened: list[Window] = []

    def open_page(name: str = "broken", place: str = "", **context: Any) -> Window:
        context.setdefault("viewport", {"width": 1280, "height": 800})
        page = browser.new_context(**context).new_page()
        page.set_default_timeout(PATIENCE)
        opened.append(Window(page, (reports / f"{name}.html").as_uri()))
        opened[-1].open(place)
        return opened[-1]

    yield open_page
    for window in opened:
        window.page.context.close()
        assert (window.errors, window.foreign) == ([], [])
