"""What is done with volumes through the page, against a real backend."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .site import MIB, Backend, Site


def test_the_list_shows_each_volume_and_what_others_change(site: Site, backend: Backend) -> None:
    backend.make("pvc-a", 64)
    site.open()
    expect(site.row("pvc-a")).to_contain_text("Detached")
    expect(site.row("pvc-a")).to_contain_text("64 Mi")
    expect(site.row("pvc-a")).to_contain_text("a few seconds ago")

    backend.act("pvc-a", "attach", hostId="node-2")
    expect(site.row("pvc-a")).to_contain_text("Healthy")
    expect(site.row("pvc-a")).to_contain_text("node-2")
    backend.act("pvc-a", "expand", size=str(96 * MIB))
    expect(site.row("pvc-a")).to_contain_text("96 Mi")
    backend.make("pvc-b")
    expect(site.row("pvc-b")).to_be_visible()
    backend.delete("volumes/pvc-b")
    expect(site.row("pvc-b")).to_have_count(0)


def test_filter_and_order(site: Site, backend: Backend) -> None:
    for name, mib in (("pvc-a", 64), ("pvc-b", 32), ("other", 128)):
        backend.make(name, mib)
    backend.act("pvc-b", "attach", hostId="node-1")
    site.open()
    names = site.page.locator("tbody tr a.name")
    expect(names).to_have_text(["other", "pvc-a", "pvc-b"])
    site.press("Size")
    expect(names).to_have_text(["pvc-b", "pvc-a", "other"])
    site.press("Size")
    expect(names).to_have_text(["other", "pvc-a", "pvc-b"])
    expect(site.page.get_by_role("columnheader", name="Size", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )

    site.page.keyboard.press("/")
    site.page.keyboard.type("pvc node-1")
    expect(names).to_have_text(["pvc-b"])
    backend.make("pvc-c")  # what others do leaves the filter and its focus alone
    backend.act("pvc-c", "attach", hostId="node-1")
    expect(names).to_have_text(["pvc-c", "pvc-b"])
    expect(site.page.get_by_role("searchbox")).to_be_focused()
    site.page.get_by_role("searchbox").fill("nothing like it")
    expect(site.page.get_by_text("No volume matches the filter.")).to_be_visible()


def test_make_attach_detach(site: Site, backend: Backend) -> None:
    site.open()
    expect(site.page.get_by_text("There are no volumes yet")).to_be_visible()
    site.press("New volume")
    site.dialog.get_by_label("Name of the new volume").fill("pvc-new")
    site.dialog.get_by_label("Size", exact=True).fill("0.5")
    site.submit("Create")
    expect(site.row("pvc-new")).to_contain_text("512 Mi")

    site.menu("Actions of pvc-new", "Attach")
    site.dialog.get_by_label("Node").select_option("node-2")
    site.submit("Attach")
    expect(site.row("pvc-new")).to_contain_text("node-2")
    assert backend.state("pvc-new") == "attached"

    site.menu("Actions of pvc-new", "Detach")
    site.submit("Detach")
    expect(site.row("pvc-new")).to_contain_text("Detached")
    assert backend.state("pvc-new") == "detached"


def test_detaching_from_a_workload_says_whose_it_is(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    backend.act("pvc-a", "attach", hostId="node-1", attachmentID="csi-1", attacherType="csi-attacher")
    site.open("volumes/pvc-a")
    site.press("Detach")
    expect(site.dialog).to_contain_text("attached to node-1 by csi-attacher")
    site.submit("Detach")
    expect(site.page.get_by_text("Detached", exact=True).first).to_be_visible()
    assert backend.state("pvc-a") == "detached"


def test_expand(site: Site, backend: Backend) -> None:
    backend.make("pvc-a", 64)
    site.open()
    site.menu("Actions of pvc-a", "Expand volume")
    field = site.dialog.get_by_role("spinbutton", name="Size")
    expect(field).to_have_value("64")
    site.dialog.get_by_role("button", name="Expand").click()
    expect(site.dialog.get_by_role("alert")).to_have_text("The size must be larger than 64 Mi.")
    assert backend.get("volumes/pvc-a")["size"] == str(64 * MIB)
    field.fill("96")
    site.submit("Expand")
    expect(site.row("pvc-a")).to_contain_text("96 Mi")
    assert backend.get("volumes/pvc-a")["size"] == str(96 * MIB)


def test_a_refusal_is_shown_in_the_words_of_the_backend(site: Site, backend: Backend) -> None:
    backend.make("pvc-a", 64)
    site.open()
    site.menu("Actions of pvc-a", "Expand volume")
    site.dialog.get_by_role("spinbutton", name="Size").fill("65536")
    site.dialog.get_by_label("Unit").select_option("Ti")
    site.dialog.get_by_role("button", name="Expand").click()
    expect(site.dialog.get_by_role("alert")).to_contain_text("is above the largest possible")
    site.excuse("422")
    site.dialog.get_by_role("spinbutton", name="Size").fill("0.125")  # it can be put right at once
    site.dialog.get_by_label("Unit").select_option("Gi")
    site.submit("Expand")
    expect(site.row("pvc-a")).to_contain_text("128 Mi")


def test_deleting_asks_first(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    site.open()
    site.menu("Actions of pvc-a", "Delete")
    expect(site.dialog).to_contain_text("Delete volume pvc-a?")
    expect(site.dialog.get_by_role("button", name="Cancel")).to_be_focused()
    site.page.keyboard.press("Enter")  # hits Cancel
    expect(site.dialog).to_have_count(0)
    site.menu("Actions of pvc-a", "Delete")
    site.page.keyboard.press("Escape")
    expect(site.dialog).to_have_count(0)
    assert backend.names("volumes") == ["pvc-a"]

    site.menu("Actions of pvc-a", "Delete")
    site.submit("Delete")
    expect(site.row("pvc-a")).to_have_count(0)
    assert backend.names("volumes") == []


def test_a_volume_that_goes_while_it_is_shown(site: Site, backend: Backend) -> None:
    backend.make("pvc-a")
    site.open("volumes/pvc-a")
    expect(site.page.get_by_role("heading", name="pvc-a")).to_be_visible()
    backend.delete("volumes/pvc-a")
    expect(site.page.get_by_text("There is no volume pvc-a.")).to_be_visible()
    site.page.get_by_role("link", name="All volumes").click()
    expect(site.page).to_have_url(re.compile("#/volumes$"))


def test_clone(site: Site, backend: Backend) -> None:
    backend.make("pvc-a", 64)
    site.open("volumes/pvc-a")
    site.menu("More actions of pvc-a", "Clone volume")
    expect(site.dialog.get_by_label("Name of the new volume")).to_have_value("cloned-pvc-a")
    site.submit("Clone")
    site.notice("Volume cloned-pvc-a was created.")
    made = backend.get("volumes/cloned-pvc-a")
    assert (made["dataSource"], made["size"]) == ("vol://pvc-a", str(64 * MIB))


def test_settings_and_events(site: Site, backend: Backend) -> None:
    site.open("system")
    site.press("Change Default Replica Count")
    site.dialog.get_by_label("Value").fill("many")
    site.dialog.get_by_role("button", name="Save").click()
    expect(site.dialog.get_by_role("alert")).to_contain_text("a number from 1 to 20")
    site.excuse("400")
    site.dialog.get_by_label("Value").fill("2")
    site.submit("Save")
    expect(site.page.get_by_text("changed", exact=True)).to_be_visible()
    assert backend.get("settings/default-replica-count")["value"] == "2"
    backend.put("settings/default-replica-count", value="3")
    expect(site.page.get_by_text("changed", exact=True)).to_have_count(0)
    backend.make("pvc-told")
    expect(site.page.get_by_text("volume pvc-told has been created")).to_be_visible()
