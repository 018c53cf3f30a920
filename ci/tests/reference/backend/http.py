"""A client of the backend's application, without a socket."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx

from pytest_csi_snapshot.reference_impl.backend.api import Api
from pytest_csi_snapshot.reference_impl.backend.engine import Engine
from pytest_csi_snapshot.reference_impl.faults import registry

BASE = "http://longhorn-backend:9500"


class Http:
    """One client; it follows no redirect. ``faults`` are switched on in what answers it."""

    def __init__(self, engine: Engine, *faults: str) -> None:
        api = Api(engine)
        registry.activate("backend", faults, api)
        self._transport = httpx.ASGITransport(api.application())
        self.get, self.post, self.put, self.delete = (
            partial(self.request, method) for method in ("GET", "POST", "PUT", "DELETE")
        )

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        """``more`` is what httpx takes: json, content, headers."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=BASE) as client:
                return await client.request(method, url, **more)

        return asyncio.run(ask())
