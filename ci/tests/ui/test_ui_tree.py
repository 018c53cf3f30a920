"""The snapshot tree, of a volume whose history has branches."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, expect

from .conftest import Visit
from .site import Site
from .stand_in import StandIn, layer, volume

OFFERED = (
    *("snapshotList", "snapshotCreate", "snapshotCRCreate", "snapshotDelete", "snapshotPurge", "snapshotRevert"),
    *("snapshotBackup", "detach"),
)

TREE = [
    layer("first", "", "second", "aside"),
    layer("second", "first", "expand-2147483648"),
    layer("expand-2147483648", "second", "third", usercreated=False),
    layer("third", "expand-2147483648", "volume-head"),
    layer("volume-head", "third"),
    layer("aside", "first", "aside-2", removed=True, created="2022-02-23T06:26:00Z"),
    layer("aside-2", "aside", created="2022-02-23T06:27:00Z"),
]


def put_on(stand_in: StandIn, **fields: Any) -> None:
    stand_in.answers["snapshotList"] = {"data": TREE}
    stand_in.show("volume", volume("pvc-a", *OFFERED, **{"disableFrontend": True, **fields}))
    about = {"volumeName": "pvc-a", "progress": 100, "error": "", "size": str(48 << 20)}
    stand_in.show(
        "backup",
        {"name": "backup-1", "snapshotName": "second", "state": "Completed", **about},
        {"name": "backup-2", "snapshotName": "third", "state": "Error", **about, "error": "target is full"},
    )


def rows(site: Site) -> Locator:
    return site.page.get_by_role("list", name="Snapshots").get_by_role("listitem")


def test_rows_lanes_and_colours(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in)
    site = staged()
    site.open("volumes/pvc-a")
    expect(rows(site)).to_contain_text(
        ["Volume head", "third", "expand-2147483648", "second", "aside-2", "aside", "first", "Created empty"]
    )
    kinds = ["head", "error", "system", "backed", "user", "removed", "user", None]
    for at, kind in enumerate(kinds[:-1]):
        expect(rows(site).nth(at)).to_have_class(str(kind))
    colours = [
        site.page.locator(f".graph .dot.{kind}").first.evaluate("dot => getComputedStyle(dot).fill")
        for kind in ("error", "removed", "system", "backed", "user")
    ]
    assert colours == [
        "rgb(241, 83, 84)",
        "rgb(204, 204, 204)",
        "rgb(241, 196, 15)",
        "rgb(51, 171, 101)",
        "rgb(48, 133, 213)",
    ]
    places = [circle.get_attribute("cx") for circle in site.page.locator(".graph circle").all()]
    assert places == ["9", "9", "9", "9", "27", "27", "9", "9"]
    expect(rows(site).nth(6).locator("path")).to_have_count(1)  # the branch ends in its first common snapshot
    expect(rows(site).nth(4).locator("line")).to_have_count(2)  # the line to the head passes
    site.picture("tree-branches")


def test_without_system_snapshots_children_follow_the_nearest_visible(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in)
    site = staged()
    site.open("volumes/pvc-a")
    expect(rows(site)).to_have_count(8)
    site.page.get_by_label("Show system snapshots").uncheck()
    expect(rows(site)).to_contain_text(["Volume head", "third", "second", "aside-2"])
    expect(rows(site)).to_have_count(7)
    expect(rows(site).nth(1).locator("line")).to_have_count(2)  # connected above and below


def test_revert_asks_first(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in)
    site = staged()
    site.open("volumes/pvc-a")
    site.menu("second", "Revert to this")
    expect(site.dialog).to_contain_text("Its live data become those of snapshot second.")
    site.page.keyboard.press("Escape")
    assert not [ask for ask in stand_in.asked if ask[0] == "snapshotRevert"]
    site.menu("second", "Revert to this")
    site.submit("Revert")
    assert ("snapshotRevert", "/v1/volumes/pvc-a", {"name": "second"}) in stand_in.asked


def test_reverting_needs_maintenance_mode(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in, disableFrontend=False)
    site = staged()
    site.open("volumes/pvc-a")
    site.page.get_by_role("button", name="second", exact=True).click()
    item = site.page.get_by_role("menuitem", name="Revert to this")
    expect(item).to_contain_text("Attach it in maintenance mode first")
    expect(item).to_be_disabled()
    item.press("Enter")
    expect(site.dialog).to_have_count(0)
    assert not [ask for ask in stand_in.asked if ask[0] == "snapshotRevert"]


def test_deleting_marks_and_purges(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in)
    site = staged()
    site.open("volumes/pvc-a")
    for name, wanted in (("second", ["snapshotDelete", "snapshotPurge"]), ("aside", ["snapshotPurge"])):
        stand_in.asked.clear()
        site.menu(name, "Delete")
        site.submit("Delete")
        assert [ask[0] for ask in stand_in.asked if ask[0] != "snapshotList"] == wanted


def test_menus_have_what_is_offered_and_makes_sense(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in)
    site = staged()
    site.open("volumes/pvc-a")
    offered = {
        "second": ["Revert to this", "Back up", "Restore to a new volume", "Delete"],
        "expand-2147483648": ["Back up", "Restore to a new volume", "Delete"],
        "aside": ["Delete"],
    }
    for name, items in offered.items():
        site.page.get_by_role("button", name=name, exact=True).click()
        expect(site.page.get_by_role("menuitem")).to_have_text(items)
        site.page.keyboard.press("Escape")
    stand_in.show("volume", volume("pvc-a", "snapshotList", state="detached", robustness="unknown"))
    expect(site.page.get_by_role("button", name="Take snapshot")).to_have_count(0)
    site.page.get_by_role("button", name="second", exact=True).click()
    expect(site.page.get_by_role("menuitem")).to_have_text(["Restore to a new volume"])


def test_the_purge_shows_how_far_it_is(staged: Visit, stand_in: StandIn) -> None:
    put_on(stand_in, purgeStatus=[{"replica": "r-1", "isPurging": True, "progress": 42, "error": "", "state": ""}])
    site = staged()
    site.open("volumes/pvc-a")
    expect(site.page.get_by_role("region", name="Snapshots")).to_contain_text(re.compile("deleting 42 %"))
