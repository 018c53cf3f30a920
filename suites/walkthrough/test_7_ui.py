"""What all of this looks like in the backend's UI, which the tutorial shows in pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .backend import Backend
from .browser import Site, browsing
from .shell import Shell
from .steps import content_of, volume_of
from .test_2_snapshot import DEMO

BY_HAND = "by-hand"


@pytest.fixture(scope="module")
def site(backend: Backend) -> Iterator[Site]:
    with browsing(backend.url) as site:
        yield site


def test_the_snapshot_in_the_tree(shell: Shell, site: Site) -> None:
    """The UI shows the snapshot in the tree of its volume, by the name with the uid."""
    uid = shell.get(f"volumesnapshot {DEMO}")["metadata"]["uid"]
    site.open(f"volumes/{volume_of(shell, 'mysql-pvc')}")
    tree = site.page.get_by_role("list", name="Snapshots").get_by_role("listitem")
    tree.filter(has_text=f"snapshot-{uid}").wait_for()
    tree.filter(has_text="Volume head").wait_for()
    site.picture("1-snapshot-in-the-tree")


def test_the_backup_in_the_list(shell: Shell, site: Site) -> None:
    """The UI lists the backup that the handle names."""
    handle = content_of(shell, DEMO)["status"]["snapshotHandle"]
    site.open("backups")
    backup = site.page.get_by_role("row").filter(has_text=handle)
    backup.filter(has_text="Completed").wait_for()
    site.picture("2-backup-in-the-list")


def test_the_restored_volume_in_the_list(shell: Shell, site: Site) -> None:
    """The UI shows the restored volume, whose actual size is not zero."""
    site.open("volumes")
    restored = volume_of(shell, "mysql-restore-pvc")
    assert site.cell(restored, "Size") == "1 Gi"
    assert site.cell(restored, "Actual size").partition(" ")[0] not in ("", "0")
    site.picture("3-restored-volume")


def test_the_clone_in_the_list(shell: Shell, site: Site) -> None:
    """The UI shows the clone, by now with its new size."""
    site.open("volumes")
    clone = volume_of(shell, "mysql-clone-pvc")
    assert site.cell(clone, "Size") == "2 Gi"
    site.open(f"volumes/{clone}")
    site.picture("4-clone-with-2-gi")


def test_a_volume_is_expanded_in_the_ui(site: Site, backend: Backend) -> None:
    """A detached volume can be expanded in the UI too: choose Expand volume, and say how large."""
    backend.create(BY_HAND, 1 << 30)
    site.open("volumes")
    site.page.get_by_role("button", name=f"Actions of {BY_HAND}", exact=True).click()
    site.picture("5-expand-in-the-menu")
    site.page.get_by_role("menuitem", name="Expand volume", exact=True).click()
    dialog = site.page.locator("dialog")
    dialog.get_by_role("spinbutton", name="Size").fill("2")
    site.picture("6-expand-asks-how-large")
    dialog.get_by_role("button", name="Expand", exact=True).click()
    site.row(BY_HAND).filter(has_text="2 Gi").wait_for()
    site.picture("7-expanded")
    assert int(backend.volume(BY_HAND)["size"]) == 2 << 30
    backend.delete(BY_HAND)
