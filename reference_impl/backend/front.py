"""The application around the API's routes: the streams of its collections, the page, and who may act."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from . import ui
from .changes import Changes
from .same_origin import SameOrigin
from .serving import SchemaHeader, collections, no_route
from .streams import Streams


def application(changes: Changes, routes: list[Route]) -> Starlette:
    """The ASGI application. Every collection among ``routes`` is streamed, too; ``/`` is shared with the page."""
    return Starlette(
        routes=[
            *ui.routes(next(route for route in routes if route.path == "/")),
            *Streams(collections(routes), changes).routes(),
            *routes,
        ],
        middleware=[Middleware(SchemaHeader), Middleware(SameOrigin)],
        exception_handlers={HTTPException: no_route},
    )
