"""The pages of Allure that people get to see: of the last conformance run, in a browser."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from .conftest import ROOT

PICTURES = ROOT / "ci/artifacts/allure-looks"
TEST = "Delete policy removes content and backend snapshot"


def picture(page: Page, name: str) -> None:
    """Keep one for people to look at."""
    Path(PICTURES).mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"))


def found(page: Page) -> None:
    """Have the tree show the test alone. Its branches are open at first where a test has failed, else closed.

    By the address, as whoever types it gets it: a search that is typed has its effect later, and closes again what
    was opened meanwhile.
    """
    page.goto(f"{page.url.partition('?')[0].partition('#')[0]}?{urlencode({'query': TEST})}")
    expect(page.get_by_placeholder("Search tests")).to_have_value(TEST)
    for branch in ("driver.longhorn.io", "deletion"):  # the epic and the feature
        unfold(page, branch)
    expect(page.get_by_text(TEST).first).to_be_visible()


def unfold(page: Page, branch: str) -> None:
    """Open a branch of the tree unless it is open."""
    title = page.get_by_test_id("tree-section-title").get_by_text(branch, exact=True)
    section = page.get_by_test_id("tree-section").filter(has=title).first
    expect(section).to_be_visible()
    opened = section.locator("[class*='icon--opened']")
    if not opened.count():
        section.get_by_test_id("tree-arrow").click()
    expect(opened).to_be_visible()


def test_the_first_page_has_driver_versions_and_areas(page: Page) -> None:
    expect(page.get_by_text("CSI snapshot conformance").first).to_be_visible()
    expect(page.get_by_text("driver.longhorn.io").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"snapshot-controller 0\.1\.0")).first).to_be_visible()
    expect(page.get_by_text("Categories").first).to_be_visible()
    expect(page.get_by_text("Failed to fetch")).to_have_count(0)
    picture(page, "first")
    found(page)
    expect(page.get_by_text("deletion", exact=True).first).to_be_visible()


def test_a_test_has_its_requirement_severity_steps_and_timeline(page: Page) -> None:
    found(page)
    page.get_by_text(TEST).first.click()
    expect(page.get_by_text("Critical").first).to_be_visible()
    expect(page.get_by_text("deleting a VolumeSnapshot deletes its content").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^snapshot( |$)")).first).to_be_visible()  # the verb, as a step
    picture(page, "test")
    page.get_by_text(re.compile(r"^Attachments")).first.click()
    timeline = page.get_by_text("timeline", exact=True).first
    expect(timeline).to_be_visible()
    timeline.click()
    expect(page.get_by_text("readyToUse true").first).to_be_visible()
    picture(page, "timeline")
