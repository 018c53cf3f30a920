"""Keeps pages of other sites from acting through a browser that can reach the backend.

The API asks nobody who he is, so whoever opens a hostile page would lend it his place in the network. Browsers
say with ``Origin`` whose page a request comes from; other clients send none, and are not asked.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from . import resources
from .urls import of_request

_HARMLESS = {"GET", "HEAD", "OPTIONS"}
"""A browser keeps the answers to these from pages of other sites. Websockets it does not."""


class SameOrigin:
    """Refuses with 403 what a page of another origin sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _HARMLESS):
            headers = Headers(scope=scope)
            own = of_request(scope["scheme"], headers).base
            origin = headers.get("origin", own)
            if origin.lower() != own.lower():
                message = f"a page of {origin} may not act here; the address of this backend is {own}"
                app = JSONResponse(resources.error(403, "PermissionDenied", message), 403)
        await app(scope, receive, send)
