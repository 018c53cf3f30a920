"""The drawn timeline: what it shows, what a mark says, zoom, keys, and its table."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Visit
from .sample import FAILED, Sample
from .window import Window


def drawn(window: Window) -> Locator:
    return window.page.locator(".timeline").first


@pytest.fixture
def window(visit: Visit) -> Window:
    return visit(place=f"clause/{FAILED}")


def test_all_that_was_kept_is_drawn(window: Window, sample: Sample) -> None:
    failed = next(clause for clause in sample.report["clauses"] if clause["id"] == FAILED)
    evidence = sample.read(failed["failures"][0]["evidence"])
    assert evidence
    picture = drawn(window)
    marks = [mark for lane in evidence["lanes"] for mark in lane["marks"]]
    expect(picture.locator(".k-mark")).to_have_count(len(marks))
    expect(picture.locator(".k-mark.m-created")).to_have_count(len(evidence["lanes"]))
    expect(picture.locator(".k-mark.m-gone")).to_have_count(len(evidence["lanes"]))
    expect(picture.locator(".span.step")).to_have_count(len(evidence["steps"]))
    expect(picture.locator(".span.wait")).to_have_count(len(evidence["waits"]))
    expect(picture.locator(".span.in-vain")).to_have_count(1)
    expect(picture.locator(".k-event")).to_have_count(len(evidence["events"]))
    expect(picture.locator(".k-check.m-broken")).to_have_count(1)
    expect(picture.locator(".flag")).to_have_count(1)


def test_what_belongs_to_an_object_is_below_it(window: Window) -> None:
    kinds = drawn(window).locator(".lane-kind").all_text_contents()
    assert kinds == [
        "steps of the test",
        "checks",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "VolumeSnapshot",
        "VolumeSnapshotContent",
        "Pod",
    ]
    names = drawn(window).locator(".lane-kind")
    assert names.nth(3).evaluate("each => each.x.baseVal[0].value") > names.nth(2).evaluate(
        "each => each.x.baseVal[0].value"
    )


def test_a_mark_says_when_and_what(window: Window) -> None:
    drawn(window).locator(".m-ready.k-mark").first.hover(force=True)  # another may lie on it
    expect(window.page.locator("#tip")).to_have_text(
        re.compile(r"^\d\.\d{3} s PersistentVolumeClaim \S+: readyToUse true \(version 1002\)$", re.MULTILINE)
    )
    window.page.mouse.move(0, 0)
    expect(window.page.locator("#tip")).to_be_hidden()


def test_it_is_zoomed_by_buttons_and_by_dragging(window: Window) -> None:
    picture = drawn(window)
    all_of_it = picture.locator(".look").count()
    tools = window.page.get_by_role("group", name="Zoom").first
    for _ in range(4):
        tools.get_by_role("button", name="Zoom in").click()
    assert picture.locator(".look").count() < all_of_it
    expect(tools.get_by_role("status")).to_have_text(re.compile(r"^\d\.\d{3} – \d\.\d{3} s$"))
    tools.get_by_role("button", name="Show all").click()
    expect(picture.locator(".look")).to_have_count(all_of_it)
    box = picture.bounding_box()
    assert box
    window.page.mouse.move(box["x"] + 300, box["y"] + 120)
    window.page.mouse.down()
    window.page.mouse.move(box["x"] + 420, box["y"] + 120)
    window.page.mouse.up()
    expect(tools.get_by_role("status")).to_have_text(re.compile(r"^\d\.\d{3} – \d\.\d{3} s$"))


def test_keys_go_from_mark_to_mark(window: Window) -> None:
    picture = drawn(window)
    first = picture.locator("[tabindex='0']")
    first.focus()
    before = first.get_attribute("aria-label")
    window.press("ArrowRight")
    expect(window.page.locator("#tip")).to_be_visible()
    assert picture.locator("[tabindex='0']").get_attribute("aria-label") != before
    window.press("ArrowDown", "ArrowDown", "ArrowDown")
    held = picture.locator("[tabindex='0']")
    expect(held).to_have_attribute("aria-label", re.compile("PersistentVolume "))
    label = held.get_attribute("aria-label")
    window.press("+", "+")
    assert picture.locator(":focus").get_attribute("aria-label") == label
    window.press("0")
    assert picture.locator(":focus").get_attribute("aria-label") == label


def test_it_can_be_read_as_a_table(window: Window) -> None:
    marks = drawn(window).locator(".look").count()
    window.page.get_by_text("As a table").first.click()
    table = window.page.get_by_role("region", name="Timeline as a table").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(marks + 1)
    times = [float(text) for text in table.locator("tbody td:first-child").all_text_contents()]
    assert times == sorted(times)
    expect(table).to_contain_text("violation of DEL-001")


def test_a_test_without_evidence_says_so(visit: Visit) -> None:
    window = visit("empty")
    expect(window.page.get_by_text("No evidence says how long anything took.")).to_be_attached()


def test_the_time_of_the_run_is_told_where_it_is_known(visit: Visit) -> None:
    told = "The critical path is 2 of them, "
    expect(visit("clean").page.get_by_text(told)).to_be_attached()
    expect(visit("clean").page.get_by_text("the cluster allows no less than ")).to_be_attached()
    expect(visit("empty").page.get_by_text("The critical path")).to_have_count(0)
