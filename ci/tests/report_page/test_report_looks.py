"""How it looks: widths, colours, contrast, paper. Pictures of every screen are kept for people to look at."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import Visit
from .sample import FAILED

PHONE = {"width": 360, "height": 780}
PLACES = {
    "summary": "",
    "failures": "failures",
    "clauses": "clauses",
    "timing": "timing",
    "compare": "compare",
    "run": "run",
    "clause": f"clause/{FAILED}",
}

CONTRASTS = """() => {
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const bright = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = numbers(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("noscript, script")) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const inside = element.closest("svg");
    const front = bright(numbers(inside ? style.fill : style.color));
    const back = bright(ground(inside ?? element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) poor.set(`${element.tagName} ${element.className}`, ratio.toFixed(2));
  }
  return [...poor].map((each) => each.join(" "));
}"""
"""Texts whose contrast to what is behind them is below WCAG AA for text of usual size."""


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("", {}),
        ("-dark", {"color_scheme": "dark"}),
        ("-phone", {"viewport": PHONE, "has_touch": True}),
        ("-phone-dark", {"viewport": PHONE, "has_touch": True, "color_scheme": "dark"}),
    ],
)
def test_screens(visit: Visit, name: str, look: dict[str, object]) -> None:
    window = visit("compared", **look)
    for screen, place in PLACES.items():
        window.open(place)
        if screen == "clause":
            expect(window.page.locator(".picture").first).to_be_visible()
        window.fits()
        assert window.page.evaluate(CONTRASTS) == []
        window.picture(f"{screen}{name}", whole=screen == "clause")


def test_it_fits_at_every_width(visit: Visit) -> None:
    window = visit("compared")
    for place in PLACES.values():
        window.open(place)
        for width in (320, 360, 560, 640, 641, 720, 760, 761, 900, 901, 1024, 1920):
            window.page.set_viewport_size({"width": width, "height": 800})
            window.fits()


def test_colours_are_the_readers_choice(visit: Visit) -> None:
    window = visit()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = window.page.evaluate(ground)
    button = window.page.get_by_role("button", name="Colours")
    button.click()
    assert window.page.evaluate(ground) == light
    expect(button).to_have_accessible_name("Colours: light")
    button.click()
    expect(button).to_have_accessible_name("Colours: dark")
    assert window.page.evaluate(ground) != light
    window.page.reload()
    expect(button).to_have_accessible_name("Colours: dark")
    assert window.page.evaluate(ground) != light


def test_nothing_moves_for_who_wants_it_still(visit: Visit) -> None:
    window = visit(reduced_motion="reduce")
    durations = "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each).transitionDuration)"
    assert set(window.page.evaluate(durations)) == {"0s"}


def test_on_paper(visit: Visit) -> None:
    window = visit(color_scheme="dark")
    window.page.emulate_media(media="print")
    expect(window.page.get_by_role("banner")).to_be_hidden()
    expect(window.page.locator(".filters")).to_be_hidden()
    expect(window.rows.first).to_be_visible()
    text = window.page.evaluate("getComputedStyle(document.documentElement).color")
    assert text == "rgb(23, 32, 44)"  # dark letters, whatever the screen has
    window.picture("paper", whole=True)
