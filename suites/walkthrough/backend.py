"""The Longhorn-shaped backend as its own users see it: the REST API behind the UI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

Json = dict[str, Any]


class Backend:
    """Reads what the UI shows, and does what its buttons do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/v1/", timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str) -> Json:
        """A resource or a collection. Raises httpx.HTTPStatusError."""
        return self._json(self._http.get(path))

    def volume(self, name: str) -> Json:
        return self.get(f"volumes/{name}")

    def act(self, volume: str, action: str, **body: Any) -> Json:
        """Do an action that the volume offers."""
        return self._json(self._http.post(f"volumes/{volume}", params={"action": action}, json=body))

    @contextmanager
    def attached(self, volume: str) -> Iterator[None]:
        """A volume on the first node, as by the UI: a detached one does not list its snapshots."""
        self.act(volume, "attach", hostId="node-1")
        try:
            yield
        finally:
            self.act(volume, "detach")

    def create(self, name: str, size: int) -> Json:
        """A volume that Kubernetes knows nothing of."""
        return self._json(self._http.post("volumes", json={"name": name, "size": str(size)}))

    def delete(self, name: str) -> None:
        self._http.delete(f"volumes/{name}").raise_for_status()

    def snapshots(self, volume: str) -> dict[str, Json]:
        """The tree of a volume by name, its live data (``volume-head``) too."""
        return {item["name"]: item for item in self.act(volume, "snapshotList")["data"]}

    def backups(self, volume: str) -> dict[str, Json]:
        """The backups of a volume by name."""
        url = self.get(f"backupvolumes/{volume}")["actions"]["backupList"]
        return {item["name"]: item for item in self._json(self._http.post(url, json={}))["data"]}

    @staticmethod
    def _json(response: httpx.Response) -> Json:
        response.raise_for_status()
        answer: Json = response.json()
        return answer
