"""Going back to a snapshot through the page, against a real backend."""

from __future__ import annotations

from playwright.sync_api import expect

from .site import MIB, Backend, Site


def test_revert_in_maintenance_mode(site: Site, backend: Backend) -> None:
    backend.make("pvc-a", 64)
    backend.act("pvc-a", "attach", hostId="node-1")
    backend.write("pvc-a", 2)
    before = backend.read("pvc-a", 4)
    backend.act("pvc-a", "snapshotCreate", name="good")
    backend.write("pvc-a", 4)
    backend.act("pvc-a", "snapshotCreate", name="bad")
    assert backend.read("pvc-a", 4) != before
    site.open("volumes/pvc-a")
    site.page.get_by_role("button", name="good", exact=True).click()
    expect(site.page.get_by_role("menuitem", name="Revert to this")).to_be_disabled()
    site.page.keyboard.press("Escape")

    site.press("Detach")
    site.submit("Detach")
    site.press("Attach")
    site.dialog.get_by_label("Maintenance mode").check()
    site.submit("Attach")
    expect(site.page.get_by_text("maintenance", exact=True)).to_be_visible()
    site.menu("good", "Revert to this")
    site.submit("Revert")
    rows = site.page.get_by_role("list", name="Snapshots").get_by_role("listitem")
    expect(rows).to_contain_text(["Volume head", "bad", "good", "Created empty"])
    dots = rows.locator("circle")
    expect(dots.nth(1)).to_have_attribute("cx", "27")  # a branch of its own
    expect(dots.nth(2)).to_have_attribute("cx", "9")
    site.picture("tree-reverted")

    site.press("Detach")
    site.submit("Detach")
    backend.act("pvc-a", "attach", hostId="node-1")
    assert backend.read("pvc-a", 4) == before
    assert len(before) == 4 * MIB
