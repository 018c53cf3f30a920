"""What the backend itself tells, and what is told it past the driver."""

from __future__ import annotations

from typing import Any

import httpx


class Rest:
    """A client of the API at ``url``."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/", trust_env=False)

    def items(self, path: str) -> list[dict[str, Any]]:
        """The members of a collection."""
        found: list[dict[str, Any]] = self._http.get(path).raise_for_status().json()["data"]
        return found

    def set_target(self, url: str) -> None:
        """Of backups; "" for none."""
        self.act("backuptargets/default", "backupTargetUpdate", backupTargetURL=url)

    def act(self, path: str, action: str, **body: Any) -> None:
        """An action of the resource at ``path``."""
        self._http.post(f"{path}?action={action}", json=body).raise_for_status()

    def add_node(self, name: str) -> None:
        self._http.put(f"nodes/{name}", json={}).raise_for_status()

    def close(self) -> None:
        self._http.close()
