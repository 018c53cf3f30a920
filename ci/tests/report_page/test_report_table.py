"""The table of clauses: filters, order, address, and the keyboard alone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .conftest import Visit
from .sample import FAILED, WAIVED, Sample


def test_filters_narrow_it(visit: Visit, sample: Sample) -> None:
    window = visit(place="clauses")
    page = window.page
    expect(window.rows).to_have_count(len(sample.report["clauses"]))
    page.get_by_label("Area", exact=True).select_option("deletion")
    deletion = [clause["id"] for clause in sample.report["clauses"] if clause["area"] == "deletion"]
    expect(window.rows.locator("a.id")).to_have_text(deletion)
    page.get_by_role("group", name="Outcome").get_by_role("button", name="failed").click()
    expect(window.rows.locator("a.id")).to_have_text([FAILED])
    assert window.place == "#/clauses?outcome=failed&area=deletion"
    page.get_by_role("button", name="Show all").click()
    assert window.place == "#/clauses"
    page.get_by_label("Level", exact=True).select_option("MAY")
    expect(window.rows).to_have_count(2)
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Component", exact=True).select_option("external-resizer")
    owned = [clause for clause in sample.report["clauses"] if "ER" in clause["owners"]]
    expect(window.rows).to_have_count(len(owned))
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("searchbox").fill("deleting content POLICY")
    expect(page.get_by_role("region", name="Clauses").get_by_role("status")).to_have_text(
        re.compile(rf"^\d+ of {len(sample.report['clauses'])}$")
    )
    page.get_by_role("searchbox").fill("no such thing")
    expect(page.get_by_text("No clause fits.")).to_be_visible()


def test_an_address_brings_the_filters_back(visit: Visit) -> None:
    window = visit(place="clauses?outcome=failed%2Cerrored&sort=-id&q=the")
    expect(window.page.get_by_role("searchbox")).to_have_value("the")
    found = window.rows.locator("a.id").all_text_contents()
    assert found == sorted(found, reverse=True)
    assert FAILED in found
    expect(window.page.get_by_role("button", name="failed 2")).to_have_attribute("aria-pressed", "true")


def test_columns_are_sorted(visit: Visit) -> None:
    window = visit(place="clauses")
    first = window.rows.locator("a.id").first
    window.page.get_by_role("button", name="Outcome", exact=True).click()
    expect(first).to_have_text(FAILED)
    window.page.get_by_role("button", name="Time", exact=True).click()
    window.page.get_by_role("button", name="Time").click()
    seconds = [float(text.split()[0]) for text in window.rows.locator(".c-seconds").all_text_contents()]
    assert seconds == sorted(seconds, reverse=True)
    header = window.page.get_by_role("columnheader", name="Time")
    expect(header).to_have_attribute("aria-sort", "descending")
    window.page.get_by_role("button", name="Time").click()
    expect(header).to_have_attribute("aria-sort", "none")


def test_with_the_keyboard_alone(visit: Visit) -> None:
    window = visit()
    window.press("/")
    expect(window.page.get_by_role("searchbox")).to_be_focused()
    window.page.keyboard.type("failed")
    window.press("Escape")
    expect(window.page.get_by_role("searchbox")).to_have_value("")
    window.page.keyboard.type("del-00")
    window.press("ArrowDown")
    assert window.focused == FAILED
    window.press("ArrowDown", "ArrowDown", "ArrowUp")
    assert window.focused == "DEL-002"
    window.press("End", "Home")
    assert window.focused == FAILED
    outline = window.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    window.press("Enter")
    expect(window.page.get_by_role("heading", level=1)).to_have_text(FAILED)
    expect(window.page.get_by_role("heading", level=1)).to_be_focused()
    window.page.go_back()
    expect(window.page.get_by_role("searchbox")).to_have_value("del-00")
    window.press("/")
    expect(window.page.get_by_role("searchbox")).to_be_focused()


def test_a_line_leads_to_its_clause(visit: Visit) -> None:
    window = visit(place="clauses?outcome=failed")
    window.rows.filter(has_text=WAIVED).locator(".c-sentence").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text(WAIVED)
