"""Reviews: a denial by an API server that comes up is none."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_csi_snapshot.access import ACCESS_REVIEW
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.reviews import answer

from .api import MemoryApi
from .objects import Json


class ComingUp(MemoryApi):
    """It knows what is allowed once it is ready, which it is when it has been asked whether it is."""

    def __init__(self, allowed: bool, code: int = 0) -> None:
        super().__init__(History())
        self._allowed, self._code, self._ready = allowed, code, False

    def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        self.asked.append("review")
        return {"status": {"allowed": self._allowed and self._ready}}

    def request(self, method: str, path: str, **_options: Any) -> Json:
        self.asked.append(path)
        self._ready = True
        if self._code:
            raise ApiError(method, path, self._code, {"reason": "Forbidden"})
        return {"text": "ok"}


@pytest.mark.parametrize("code", [0, 403])
@pytest.mark.parametrize("allowed", [True, False])
def test_a_denial_counts_once_the_server_is_ready(allowed: bool, code: int) -> None:
    """Also where we may not ask whether it is."""
    server = ComingUp(allowed, code)
    assert answer(server, ACCESS_REVIEW, {}) == {"allowed": allowed}
    assert server.asked == ["review", "/readyz", "review"]


def test_what_is_allowed_is_asked_once() -> None:
    server = ComingUp(allowed=True)
    server.request("GET", "/readyz")
    server.asked.clear()
    assert answer(server, ACCESS_REVIEW, {}) == {"allowed": True}
    assert server.asked == ["review"]
