"""A report's page in one browser window."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

PICTURES = Path(__file__).parents[2] / "artifacts" / "report"


class Window:
    """It notes what should not be: errors, and requests for anything but the page itself."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._asked)

    def open(self, place: str = "") -> None:
        self.page.goto(f"{self.url}#/{place}")
        expect(self.page.locator("html[data-clauses]")).to_be_attached()

    @property
    def place(self) -> str:
        """Where the address says that the reader is."""
        return str(self.page.evaluate("location.hash"))

    @property
    def rows(self) -> Locator:
        """The clauses that the table shows."""
        return self.page.locator("table.clauses tr[data-id]")

    @property
    def focused(self) -> str:
        """The words of what has the focus."""
        return str(self.page.evaluate("document.activeElement.textContent || document.activeElement.ariaLabel"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def picture(self, name: str, *, whole: bool = False) -> None:
        """For people to look at; nothing compares them."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=whole, animations="disabled")

    def fits(self) -> None:
        """Nothing is wider than the screen, once a frame has passed: what depends on the width is drawn in it."""
        self.page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        wide = self.page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert wide == 0, (self.page.url, self.page.viewport_size)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _asked(self, request: Request) -> None:
        if request.url.partition("#")[0] != self.url and not request.url.startswith("data:"):
            self.foreign.append(request.url)
