"""A real backend as a process of its own, a client of its API, and a page in a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import ConsoleMessage, Locator, Page, expect
from reference.driver.machine import Role, free_port

from pytest_csi_snapshot.reference_impl.backend.release import release

MIB = 1 << 20
PICTURES = Path(__file__).resolve().parents[2] / "artifacts" / "ui"


class Backend:
    """The backend over a directory of its own, with two nodes; ``api`` is another client than the page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        self._role = Role(
            folder,
            "backend",
            "--listen",
            f"127.0.0.1:{self.port}",
            "--data",
            str(folder / "data"),
            "--pool-size",
            str(2 << 30),
        )

    def start(self) -> None:
        self._role.start()
        end = time.monotonic() + 20
        while True:
            try:
                self.put("nodes/node-1")
                break
            except httpx.TransportError:
                assert time.monotonic() < end, self._role.said()
                time.sleep(0.02)  # there is nothing to wait on but the answer
        self.put("nodes/node-2")

    def stop(self, number: int = signal.SIGTERM) -> None:
        self._role.stop(number)

    def clear(self) -> None:
        """Stop it, and leave nothing in the kernel and on the disk."""
        self.api.close()
        self.stop()
        assert release(self.folder / "data") == []
        shutil.rmtree(self.folder)

    def read(self, volume: str, mib: int) -> bytes:
        """The first part of an attached volume."""
        device = self.get(f"volumes/{volume}")["controllers"][0]["endpoint"]
        with Path(device).open("rb") as file:
            return file.read(mib * MIB)

    def empty(self) -> None:
        """Delete all volumes and snapshots."""
        for volume in self.get("volumes")["data"]:
            self.act(volume["name"], "detach", forceDetach=True)
            self.delete(f"volumes/{volume['name']}")
        for snapshot in self.get("snapshotcrs")["data"]:
            self.delete(f"snapshotcrs/{snapshot['name']}")

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def put(self, path: str, **body: Any) -> Any:
        return self._ask("PUT", path, body)

    def post(self, path: str, **body: Any) -> Any:
        return self._ask("POST", path, body)

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def make(self, name: str, mib: int = 64, **more: Any) -> Any:
        return self.post("volumes", name=name, size=str(mib * MIB), **more)

    def act(self, volume: str, action: str, **body: Any) -> Any:
        return self.post(f"volumes/{volume}?action={action}", **body)

    def write(self, volume: str, mib: int) -> None:
        """Fill the first part of an attached volume, as a workload does: nothing tells the backend."""
        device = self.get(f"volumes/{volume}")["controllers"][0]["endpoint"]
        with Path(device).open("r+b") as file:
            for _ in range(mib):
                file.write(os.urandom(MIB))
            os.fsync(file.fileno())

    def state(self, volume: str) -> str:
        return str(self.get(f"volumes/{volume}")["state"])

    def names(self, plural: str) -> list[str]:
        return [item["name"] for item in self.get(plural)["data"]]

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.api.request(method, f"/v1/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None


class Site:
    """The UI in one browser page. It notes what should not be: errors, and requests to anywhere else."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._called(request.url))
        page.on("websocket", lambda socket: self._called(socket.url.replace("ws", "http", 1)))

    def open(self, place: str = "volumes") -> None:
        self.page.goto(f"{self.url}/#/{place}")
        self.live()

    def live(self) -> None:
        """Until the page says that it shows how things are."""
        expect(self.page.get_by_role("banner").get_by_role("status")).to_have_text("Live")

    def row(self, name: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=name, exact=True))

    def menu(self, button: str, item: str) -> None:
        """Choose ``item`` of the menu that ``button`` opens."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=name, exact=True).click()

    @property
    def dialog(self) -> Locator:
        return self.page.locator("dialog")

    def submit(self, name: str) -> None:
        """Send the open dialog, which must go away."""
        self.dialog.get_by_role("button", name=name, exact=True).click()
        expect(self.dialog).to_have_count(0)

    def notice(self, text: str) -> None:
        expect(self.page.locator("#notices")).to_contain_text(text)

    def picture(self, name: str) -> None:
        """For people to look at; nothing compares them."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")

    def excuse(self, part: str) -> None:
        """Errors that the test itself brought about; there must be one."""
        assert any(part in error for error in self.errors), self.errors
        self.errors = [error for error in self.errors if part not in error]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _called(self, url: str) -> None:
        if not url.startswith(self.url + "/"):
            self.foreign.append(url)
