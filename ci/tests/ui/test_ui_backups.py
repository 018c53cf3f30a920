"""Backups through the page, against a real backend."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from .site import MIB, Backend, Site


@pytest.fixture
def source(backend: Backend) -> Iterator[Backend]:
    """It has an attached volume, ``pvc-a``, with 6 MiB written."""
    backend.make("pvc-a", 64)
    backend.act("pvc-a", "attach", hostId="node-1")
    backend.write("pvc-a", 6)
    yield backend
    for name in backend.names("backupvolumes"):
        backend.delete(f"backupvolumes/{name}")


def back_up(site: Site) -> str:
    """Through the page; returns the name of the backup, which is complete."""
    site.open("volumes/pvc-a")
    site.press("Back up")
    site.submit("Back up")
    snapshots = site.page.get_by_role("region", name="Snapshots")
    expect(snapshots.get_by_text("backed up", exact=True).first).to_be_visible()
    link = site.page.get_by_role("region", name="Details").get_by_role("link", name="backup-")
    expect(link).to_be_visible()
    return link.inner_text()


def entry(site: Site, name: str) -> Locator:
    return site.page.get_by_role("row").filter(has=site.page.get_by_text(name, exact=True))


def test_back_up_and_restore(site: Site, source: Backend) -> None:
    name = back_up(site)
    cut = source.names("snapshotcrs")[0]
    rows = site.page.get_by_role("list", name="Snapshots").get_by_role("listitem")
    expect(rows.filter(has_text=cut)).to_have_class("backed")
    site.picture("tree-backed-up")

    site.open("backups")
    expect(entry(site, name)).to_contain_text("Completed")
    expect(entry(site, name)).to_contain_text(cut)
    expect(entry(site, name)).to_contain_text("6 Mi")
    expect(entry(site, name)).to_contain_text(f"bak://pvc-a/{name}")
    site.picture("backups-real")
    site.menu(f"Actions of {name}", "Restore to a new volume")
    expect(site.dialog.get_by_label("Name of the new volume")).to_have_value("restored-pvc-a")
    expect(site.dialog.get_by_role("spinbutton", name="Size")).to_have_value("64")
    site.submit("Restore")
    site.open("volumes/restored-pvc-a")
    expect(site.page.get_by_text(f"Created from backup {name}")).to_be_visible()
    expect(site.page.get_by_role("button", name="Expand volume")).to_be_visible()  # offered when the data is there
    source.act("restored-pvc-a", "attach", hostId="node-1")
    assert source.read("restored-pvc-a", 6) == source.read("pvc-a", 6) != bytes(6 * MIB)


def test_deleting_a_backup_asks_first(site: Site, source: Backend) -> None:
    name = back_up(site)
    site.open("backups")
    site.menu(f"Actions of {name}", "Delete")
    site.page.keyboard.press("Escape")
    assert source.names("backups") == [name]
    site.menu(f"Actions of {name}", "Delete")
    site.submit("Delete")
    expect(entry(site, name)).to_have_count(0)
    assert source.names("backups") == []


def test_deleting_all_backups_of_a_volume(site: Site, source: Backend) -> None:
    back_up(site)
    source.act("pvc-a", "detach")
    source.delete("volumes/pvc-a")
    site.open("backups")  # they outlive their volume
    site.menu("Actions of backups of pvc-a", "Delete all backups")
    site.submit("Delete all")
    expect(site.page.get_by_text("There are no backups yet.")).to_be_visible()
    assert source.names("backupvolumes") == []


def test_a_target_that_cannot_be_used(site: Site, source: Backend) -> None:
    before = source.get("backuptargets")["data"][0]["backupTargetURL"]
    site.open("backups")
    site.menu("Actions of target default", "Change")
    site.dialog.get_by_label("URL").fill("s3://bucket@here/")
    site.dialog.get_by_role("button", name="Save").click()
    expect(site.dialog.get_by_role("alert")).to_contain_text("a backup target must be")
    site.excuse("400")
    site.dialog.get_by_label("URL").fill("vfs:///nowhere/at/all")
    site.submit("Save")
    expect(site.page.get_by_text("Unavailable")).to_be_visible()
    expect(site.page.get_by_text("/nowhere/at/all is not a folder")).to_be_visible()
    source.post("backuptargets/default?action=backupTargetUpdate", backupTargetURL=before)
    expect(site.page.get_by_text("Available", exact=True)).to_be_visible()
