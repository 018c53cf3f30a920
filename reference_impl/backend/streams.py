"""Websockets: a collection whole, on connect and again whenever it is another than the one sent last.

``/v1/ws/{plural}`` and ``/v1/ws/{period}/{plural}``; ``period`` is a Go duration, the least time between looks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from . import resources
from .calls import Call
from .changes import Changes
from .errors import BackendError
from .serving import Handler

log = logging.getLogger("backend")

PERIOD_LIMIT = 15.0
"""Seconds; a longer period counts as this."""
REREAD = 5.0
"""Seconds after which it looks without having been told: nothing tells that a mounted volume was written."""

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = rf"(\d+\.?\d*|\.\d+)({'|'.join(_UNITS)})"
_DURATION = re.compile(rf"({_PART})+")


class Streams:
    """The websockets of one application; ``collections`` are those it has, by lower-case plural."""

    def __init__(self, collections: Mapping[str, Handler], changes: Changes) -> None:
        self._collections = collections
        self._changes = changes

    def routes(self) -> list[WebSocketRoute]:
        return [
            WebSocketRoute("/v1/ws/{plural}", self._stream),
            WebSocketRoute("/v1/ws/{period}/{plural}", self._stream),
        ]

    async def _stream(self, socket: WebSocket) -> None:
        plural = socket.path_params["plural"]
        handler = self._collections.get(plural)
        if handler is None:
            await _refuse(socket, BackendError("NotFound", f"no collection {plural}"))
            return
        try:
            period = least_gap(socket.path_params.get("period", "0s"))
        except ValueError as error:
            await _refuse(socket, BackendError("InvalidArgument", str(error)))
            return
        call = Call(socket, b"")
        await socket.accept()
        try:
            await self._follow(socket, period, lambda: json.dumps(handler(call)))
        except WebSocketDisconnect:
            log.debug("a client of %s has gone", plural)
        except (BackendError, OSError):
            log.exception("the stream of %s ends", plural)
            await socket.close(1011, "the collection cannot be read")

    async def _follow(self, socket: WebSocket, period: float, read: Callable[[], str]) -> None:
        """Until the client has gone."""
        with self._changes.listen() as changed:
            gone = asyncio.create_task(_until_gone(socket))
            gone.add_done_callback(lambda _: changed.set())
            try:
                sent = ""
                while not gone.done():
                    changed.clear()
                    now = await run_in_threadpool(read)
                    if now != sent:
                        await socket.send_text(now)
                        sent = now
                    await asyncio.wait({gone}, timeout=period)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), REREAD)
            finally:
                gone.cancel()
                await asyncio.wait({gone})


async def _until_gone(socket: WebSocket) -> None:
    """What clients say means nothing, except goodbye."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _refuse(socket: WebSocket, error: BackendError) -> None:
    body = resources.error(error.status, error.code, error.message)
    await socket.send_denial_response(JSONResponse(body, error.status))


def least_gap(duration: str) -> float:
    """Seconds of a Go duration such as ``1s`` or ``1m30s``, from 0 to ``PERIOD_LIMIT``. Raises ValueError."""
    unsigned = duration.lstrip("+-")
    if unsigned == "0" or (duration.startswith("-") and _DURATION.fullmatch(unsigned)):
        return 0.0
    if not _DURATION.fullmatch(unsigned):
        raise ValueError(f"not a duration: {duration!r}; one such as 1s, 500ms, 1m30s")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, unsigned))
    return min(seconds, PERIOD_LIMIT)
