"""Snapshots through the page, against a real backend."""

from __future__ import annotations

from playwright.sync_api import expect

from .site import MIB, Backend, Site


def test_take_restore_delete(site: Site, backend: Backend) -> None:
    backend.make("pvc-a", 64)
    backend.act("pvc-a", "attach", hostId="node-1")
    site.open("volumes/pvc-a")
    tree = site.page.get_by_role("list", name="Snapshots")
    expect(tree.get_by_role("listitem")).to_have_count(2)  # the head and the start
    site.press("Take snapshot")
    site.dialog.get_by_label("Name").fill("snap-1")
    site.submit("Take snapshot")
    expect(tree.get_by_role("listitem")).to_have_count(3)
    assert backend.names("snapshotcrs") == ["snap-1"]

    site.menu("snap-1", "Restore to a new volume")
    expect(site.dialog.get_by_label("Name of the new volume")).to_have_value("restored-pvc-a")
    site.dialog.get_by_role("spinbutton", name="Size").fill("32")
    site.dialog.get_by_role("button", name="Restore").click()
    expect(site.dialog.get_by_role("alert")).to_have_text("The size must be at least 64 Mi.")
    site.dialog.get_by_role("spinbutton", name="Size").fill("64")
    site.submit("Restore")
    site.notice("Volume restored-pvc-a was created.")
    assert backend.get("volumes/restored-pvc-a")["dataSource"] == "snap://pvc-a/snap-1"

    backend.act("pvc-a", "snapshotCreate", name="snap-2")
    expect(tree.get_by_role("listitem")).to_have_count(4)
    site.menu("snap-1", "Delete")
    site.dialog.get_by_role("button", name="Cancel").click()
    assert backend.names("snapshotcrs") == ["snap-1", "snap-2"]
    site.menu("snap-1", "Delete")
    site.submit("Delete")
    expect(tree.get_by_role("listitem")).to_contain_text(["Volume head", "snap-2", "Created empty"])
    assert backend.names("snapshotcrs") == ["snap-2"]


def test_a_detached_volume_has_a_tree_too(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    backend.act("pvc-a", "snapshotCRCreate", name="snap-1")
    backend.act("pvc-a", "snapshotCRCreate", name="snap-2")
    site.open("volumes/pvc-a")
    rows = site.page.get_by_role("list", name="Snapshots").get_by_role("listitem")
    expect(rows).to_contain_text(["Volume head", "snap-2", "snap-1", "Created empty"])
    backend.act("pvc-a", "snapshotCRDelete", name="snap-2")
    expect(rows).to_contain_text(["Volume head", "snap-1", "Created empty"])
    backend.act("pvc-a", "attach", hostId="node-1")
    backend.act("pvc-a", "snapshotCreate", name="snap-3")
    expect(rows).to_contain_text(["Volume head", "snap-3", "snap-1", "Created empty"])


def test_what_a_snapshot_is_shows_on_hover_and_on_focus(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    backend.act("pvc-a", "attach", hostId="node-1")
    backend.write("pvc-a", 3)
    backend.act("pvc-a", "snapshotCreate", name="snap-1", labels={"app": "mysql"})
    site.open("volumes/pvc-a")
    snapshot = site.page.get_by_role("button", name="snap-1", exact=True)
    told = site.page.get_by_role("listitem").filter(has=snapshot).get_by_role("tooltip")
    expect(told).to_be_hidden()
    snapshot.hover()
    expect(told).to_be_visible()
    for text in ("app=mysql", "3 Mi", "Created by user"):
        expect(told).to_contain_text(text)
    site.page.mouse.move(0, 0)
    expect(told).to_be_hidden()
    site.page.get_by_role("button", name="More actions of pvc-a").focus()
    site.page.keyboard.press("Tab")  # the head
    site.page.keyboard.press("Tab")
    expect(snapshot).to_be_focused()
    expect(told).to_be_visible()


def test_a_restored_volume_names_its_source(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    backend.act("pvc-a", "snapshotCRCreate", name="snap-1")
    backend.post("volumes", name="pvc-b", size=str(64 * MIB), dataSource="snap://pvc-a/snap-1")
    site.open("volumes/pvc-b")
    expect(site.page.get_by_text("Created from pvc-a/snap-1")).to_be_visible()
    site.page.get_by_role("region", name="Details").get_by_role("link", name="pvc-a").click()
    expect(site.page.get_by_role("heading", name="pvc-a")).to_be_visible()
