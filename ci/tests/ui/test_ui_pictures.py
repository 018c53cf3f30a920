"""Pictures of every screen, for people to look at, and what must hold of each at any width."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import Visit
from .site import Backend, Site

PHONE = {"width": 375, "height": 812}
CLAIM = "pvc-ec17a7e4-7bb4-4456-9380-353db3ed4307"
CUT = "snapshot-1119649a-d4f2-447f-a21a-e527f202e43e"


@pytest.fixture
def stock(backend: Backend) -> Backend:
    """Some volumes, as a cluster leaves them."""
    backend.make(CLAIM, 1024)
    backend.act(CLAIM, "attach", hostId="node-1", attachmentID="csi-1", attacherType="csi-attacher")
    for mib, name in ((48, CUT), (96, "before-upgrade"), (130, "nightly")):
        backend.write(CLAIM, mib)
        backend.act(CLAIM, "snapshotCreate", name=name, labels={"app": "mysql"})
    backend.make("pvc-58eab5f0-a386-435c-91f4-0c26f7935695", 2048, dataSource=f"vol://{CLAIM}")
    backend.make("pvc-e4ddd985-31a8-4570-b393-dcedec3b0d95", 1024, dataSource=f"snap://{CLAIM}/{CUT}")
    backend.make("scratch", 256, volumeMode="Block")
    return backend


def fits(site: Site) -> None:
    """Nothing is wider than the screen."""
    wide = site.page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    assert wide == 0, (site.page.url, site.page.viewport_size)


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("", {}),
        ("-dark", {"color_scheme": "dark"}),
        ("-phone", {"viewport": PHONE, "has_touch": True}),
        ("-phone-dark", {"viewport": PHONE, "has_touch": True, "color_scheme": "dark"}),
        ("-tablet", {"viewport": {"width": 800, "height": 1100}}),
    ],
)
def test_screens(visit: Visit, stock: Backend, name: str, look: dict[str, object]) -> None:
    site = visit(**look)
    site.open()
    expect(site.row(CLAIM)).to_be_visible()
    fits(site)
    site.picture(f"volumes{name}")

    site.page.get_by_role("button", name="Actions of scratch").click()
    site.picture(f"volumes-menu{name}")
    fits(site)
    site.page.get_by_role("menuitem", name="Expand volume").click()
    site.picture(f"expand{name}")
    site.page.keyboard.press("Escape")
    site.menu("Actions of scratch", "Delete")
    site.picture(f"confirm{name}")
    site.page.keyboard.press("Escape")

    site.open(f"volumes/{CLAIM}")
    expect(site.page.get_by_role("button", name=CUT)).to_be_visible()
    fits(site)
    site.picture(f"volume{name}")
    site.page.get_by_role("button", name=CUT).click()
    site.picture(f"tree-menu{name}")
    fits(site)

    site.open("backups")
    site.picture(f"backups{name}")
    fits(site)
    site.open("system")
    expect(site.page.get_by_role("row").first).to_be_attached()
    site.picture(f"system{name}")
    fits(site)


def test_it_fits_at_every_width(visit: Visit, stock: Backend) -> None:
    site = visit()
    for place, shown in (("volumes", "scratch"), (f"volumes/{CLAIM}", CUT), ("system", "node-2")):
        site.open(place)
        expect(site.page.get_by_text(shown, exact=True).first).to_be_visible()
        for width in (320, 375, 560, 561, 800, 1000, 1001, 1024, 1180, 1920):
            site.page.set_viewport_size({"width": width, "height": 800})
            fits(site)
