"""One data directory under test: a backend over it, and the check that it is whole after a restart."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from pytest_csi_snapshot.reference_impl.backend.release import release

from .client import Client, GoneError
from .ground import Ground
from .incarnations import NOTHING, Backend, Preparation, Zygote
from .knowledge import Knowledge
from .operations import Operation


class Trial:
    """``known`` is what its one client knows; ``folder`` is its own, and gone at the end unless it failed."""

    def __init__(self, ground: Ground, zygote: Zygote, folder: Path | None = None) -> None:
        self.ground = ground
        self.known = Knowledge()
        self.folder = folder or ground.fresh()
        self.folder.mkdir(exist_ok=True)
        self.data = self.folder / "data"
        self.backend = Backend(zygote, self.data, self.folder / "backend.log")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the backend and remove the directory; nothing may be left in the kernel."""
        self.backend.end()
        left = release(self.data)
        if error is not None:
            error.add_note(f"the backend said:\n{self.backend.said()}")
            return
        assert left == []
        shutil.rmtree(self.folder)

    def client(self) -> Client:
        return Client(self.backend.url, self.ground)

    def start(self, prepare: Preparation = NOTHING) -> bool:
        return self.backend.start(prepare)

    def run(self, story: list[Operation]) -> list[Operation]:
        """Perform ``story`` until its end or the backend's; returns what is left to do."""
        with self.client() as client:
            for done, operation in enumerate(story):
                try:
                    self.known.perform(client, operation)
                except GoneError:
                    self.backend.buried()
                    return story[done:]
        return []

    def check(self) -> None:
        """Everything is as the client knows it."""
        with self.client() as client:
            self.known.check(client)
        self.check_devices(self.known)

    def check_devices(self, *known: Knowledge) -> None:
        """Each attached volume has one, and nothing else has."""
        attached = [
            name for each in known for name, volume in each.world.volumes.items() if volume.attached == "device"
        ]
        devices = self.ground.loops()
        assert len(devices) == len(attached), f"attached are {attached}, devices {devices}"

    def names(self) -> set[Path]:
        """All files and folders; of a backup target, where folders may stay, only files."""
        found = (path.relative_to(self.data) for path in self.data.rglob("*"))
        return {path for path in found if "backupstore" not in path.parts or (self.data / path).is_file()}
