"""The page as such: keyboard, a backend that goes and comes, its rules for itself, its words."""

from __future__ import annotations

import signal

from playwright.sync_api import expect

from .site import Backend, Site


def test_everything_by_keyboard(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    site.open()
    keys = site.page.keyboard
    keys.press("Tab")
    expect(site.page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(site.row("pvc-a")).to_be_visible()
    button = site.page.get_by_role("button", name="Actions of pvc-a")
    button.focus()
    keys.press("Enter")
    items = site.page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    keys.press("ArrowUp")
    expect(items.last).to_be_focused()
    keys.press("Home")
    keys.press("ArrowDown")
    expect(site.page.get_by_role("menuitem", name="Take snapshot")).to_be_focused()
    keys.press("Escape")
    expect(items).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")

    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(site.dialog.get_by_label("Name")).to_be_focused()
    keys.type("by-hand")
    keys.press("Enter")
    site.notice("Snapshot by-hand was taken.")
    assert backend.names("snapshotcrs") == ["by-hand"]
    expect(button).to_be_focused()


def test_an_open_menu_survives_what_others_do(site: Site, backend: Backend) -> None:
    backend.make("pvc-b")
    site.open()
    site.page.get_by_role("button", name="Actions of pvc-b").click()
    backend.make("pvc-a")
    expect(site.row("pvc-a")).to_be_visible()
    expect(site.page.get_by_role("menuitem").first).to_be_focused()
    expect(site.page.get_by_role("button", name="Actions of pvc-b")).to_have_attribute("aria-expanded", "true")
    site.page.get_by_role("menuitem", name="Attach").click()
    site.submit("Attach")
    assert backend.state("pvc-b") == "attached"


def test_a_backend_that_goes_and_comes_back(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    site.open()
    status = site.page.get_by_role("banner").get_by_role("status")
    backend.stop(signal.SIGKILL)
    expect(status).to_contain_text("Reconnecting")
    expect(site.row("pvc-a")).to_be_visible()
    site.menu("Actions of pvc-a", "Take snapshot")
    site.dialog.get_by_role("button", name="Take snapshot").click()
    expect(site.dialog.get_by_role("alert")).to_have_text("The backend does not answer.")
    site.page.keyboard.press("Escape")

    backend.start()
    backend.make("pvc-b")
    site.page.get_by_role("button", name="Now").click()  # or it comes by itself, a little later
    expect(site.row("pvc-b")).to_be_visible()
    site.live()
    site.excuse("ERR_CONNECTION_")  # refused, or reset where it was just open


def test_it_comes_back_by_itself(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    site.open()
    backend.stop(signal.SIGTERM)
    expect(site.page.get_by_role("banner")).to_contain_text("Reconnecting")
    backend.start()
    backend.act("pvc-a", "attach", hostId="node-1")
    expect(site.row("pvc-a")).to_contain_text("Healthy")
    site.live()
    site.excuse("ERR_CONNECTION_")  # refused, or reset where it was just open


def test_the_browser_itself_refuses_markup_from_data(site: Site) -> None:
    site.open()
    refused = site.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return ''; } catch (error) { return error.name; } }"
    )
    assert refused == "TypeError"
    site.excuse("TrustedHTML")


def test_sizes(site: Site) -> None:
    site.open()
    told = {
        0: "0 Bi",
        512: "512 Bi",
        1536: "1.5 Ki",
        1073741824: "1 Gi",
        195035136: "186 Mi",
        50331648: "48 Mi",
        1234567890: "1.15 Gi",
        22011707392: "20.5 Gi",
        1024**6: "1024 Pi",
    }
    write = "async (all) => { const { size } = await import('/ui/format.js'); return all.map(size); }"
    assert site.page.evaluate(write, list(told)) == list(told.values())


def test_times(site: Site) -> None:
    site.open()
    told = site.page.evaluate(
        """async (ages) => {
            const { ago } = await import("/ui/format.js");
            const now = new Date("2022-02-23T06:25:46Z");
            return ages.map((age) => ago(new Date(now - age * 1000), now));
        }""",
        [0, 44, 45, 89, 90, 2640, 2700, 5400, 79200, 86400, 10**6, 10**7, 10**8, -10, -3600],
    )
    assert told == [
        "a few seconds ago",
        "a few seconds ago",
        "a minute ago",
        "a minute ago",
        "2 minutes ago",
        "44 minutes ago",
        "an hour ago",
        "2 hours ago",
        "a day ago",
        "a day ago",
        "12 days ago",
        "4 months ago",
        "3 years ago",
        "a few seconds ago",
        "in an hour",
    ]
    moments = site.page.evaluate(
        """async (texts) => {
            const { moment } = await import("/ui/format.js");
            return texts.map((text) => moment(text)?.toISOString() ?? "");
        }""",
        ["2022-02-23 06:25:46 +0000 UTC", "2022-02-23T06:25:46Z", "", "0001-01-01T00:00:00Z", "soon"],
    )
    assert moments == ["2022-02-23T06:25:46.000Z", "2022-02-23T06:25:46.000Z", "", "", ""]
