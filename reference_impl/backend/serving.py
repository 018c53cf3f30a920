"""From HTTP to handlers and back: threads, refusals as error bodies, and the header every answer has."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import resources
from .calls import Call, Json
from .errors import BackendError
from .urls import of_request

log = logging.getLogger("backend")

Handler = Callable[[Call], Json | None]
"""None is answered with an empty body."""


class ApiRoute(Route):
    """A route that still knows its handler: a stream of the same collection calls it too."""

    handler: Handler


def route(path: str, method: str, handler: Handler) -> Route:
    """``handler`` runs in a thread of its own: it may wait for a lock or a freeze."""

    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        return await run_in_threadpool(_answer, handler, request, raw)

    made = ApiRoute(path, endpoint, methods=[method])
    made.handler = handler
    return made


def collections(routes: Iterable[Route]) -> dict[str, Handler]:
    """Lower-case plural -> what answers a GET of that collection."""
    found = {}
    for item in routes:
        place, _, plural = item.path.rpartition("/")
        listed = place == "/v1" and "{" not in plural and "GET" in (item.methods or ())
        if listed and isinstance(item, ApiRoute):
            found[plural] = item.handler
    return found


def _answer(handler: Handler, request: Request, raw: bytes) -> Response:
    try:
        answer = handler(Call(request, raw))
    except BackendError as error:
        log.info("%s %s refused: %s: %s", request.method, request.url.path, error.code, error.message)
        return _refused(error, request)
    except OSError as error:
        log.exception("%s %s failed", request.method, request.url.path)
        return _refused(_of_system(error), request)
    return Response(media_type="application/json") if answer is None else JSONResponse(answer)


def _refused(error: BackendError, request: Request) -> Response:
    code: str = getattr(request.app.state, "error_code", "") or error.code
    return JSONResponse(resources.error(error.status, code, error.message), error.status)


def _of_system(error: OSError) -> BackendError:
    """What a failed system call means to a client."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackendError("ResourceExhausted", f"the pool is full: {error}")
    if isinstance(error, FileNotFoundError):  # deleted while it was being shown
        return BackendError("NotFound", str(error))
    return BackendError("Internal", str(error))


async def no_route(request: Request, error: Exception) -> Response:
    """What is no address, or no verb of it. Starlette calls this for each HTTPException."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "NotFound" if status == 404 else "InvalidArgument"
    return JSONResponse(
        resources.error(status, code, f"no such thing: {request.method} {request.url.path}"), status
    )


class SchemaHeader:
    """Adds X-API-Schemas to every response: clients find the schemas by it, from whatever they asked first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = of_request(scope["scheme"], Headers(scope=scope)).schemas

        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-API-Schemas"] = address
            await send(message)

        await self._app(scope, receive, with_header)
