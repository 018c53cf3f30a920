"""The web UI: one page at ``/`` for browsers, and the files it is made of below ``/ui/``.

It has no way to the data but the REST API and its websockets.
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent
SUFFIXES = {".html", ".css", ".js", ".svg"}

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",  # no data becomes markup: browsers refuse innerHTML
            "trusted-types 'none'",
        )
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


class _Files(StaticFiles):
    """The files of the page, and no other of this folder."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if Path(path).suffix not in SUFFIXES:
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def routes(api: Route) -> list[Route | Mount]:
    """``api`` is what clients of the API find at ``/``."""
    files = _Files(directory=FOLDER)

    async def front(request: Request) -> Response:
        if wants_page(request):
            return await files.get_response("index.html", request.scope)
        answer: Response = await api.endpoint(request)
        answer.headers["Vary"] = "Accept"
        return answer

    return [Route("/", front, methods=["GET"]), Mount("/ui", files)]


def wants_page(request: Request) -> bool:
    """Browsers name text/html when a person opens an address; ``_format`` beats what they name."""
    chosen = request.query_params.get("_format")
    if chosen:
        return chosen == "html"
    ranges = request.headers.get("accept", "").split(",")
    return any(item.partition(";")[0].strip().lower() == "text/html" for item in ranges)
