"""What a stress run measured, as the page shows it."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Visit
from .sample_loads import NAME
from .test_report_looks import CONTRASTS, PHONE


def test_a_report_without_loads_has_no_section_for_them(visit: Visit) -> None:
    page = visit("clean").page
    expect(page.locator("#timing")).to_be_attached()
    expect(page.locator("#stress")).to_have_count(0)


def test_phases_are_told_in_numbers_and_plotted(visit: Visit) -> None:
    window = visit("stressed", "stress")
    part = window.page.locator("#stress .load")
    expect(part).to_have_count(1)
    expect(part.locator("h3")).to_have_text(NAME)
    expect(part.locator("tbody tr")).to_have_count(2)
    expect(part.locator("tbody tr").nth(0)).to_contain_text("does not grow with their number")
    expect(part.locator("tbody tr").nth(1)).to_contain_text("grows with their number, as its power of 1.00")
    for plot in part.locator(".plot").all():
        expect(plot.locator("circle.solid")).to_have_count(10)
        expect(plot.locator("line.fit")).to_have_count(1)
    expect(part).to_contain_text("Aborted 3")


def test_what_is_lost_is_told(visit: Visit) -> None:
    part = visit("lost", "stress").page.locator("#stress .load")
    expect(part).to_contain_text("gone, of those created: 1000 expected, 999 found")
    expect(part).not_to_contain_text("nothing was lost")
    expect(visit("stressed", "stress").page.locator("#stress .load")).to_contain_text("nothing was lost")


def test_it_fits_and_can_be_read(visit: Visit) -> None:
    for name, look in (("", {}), ("-dark", {"color_scheme": "dark"}), ("-phone", {"viewport": PHONE})):
        window = visit("stressed", "stress", **look)
        expect(window.page.locator("#stress .plot circle").first).to_be_visible()
        window.fits()
        assert window.page.evaluate(CONTRASTS) == []
        window.picture(f"stress{name}")
