"""One request, as the API's handlers see it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from starlette.requests import HTTPConnection

from .errors import BackendError
from .quantities import volume_size
from .urls import of_request

Json = dict[str, Any]


class Call:
    """One request, its body read but not yet understood: some actions take whatever is sent."""

    def __init__(self, request: HTTPConnection, raw: bytes) -> None:
        self.urls = of_request(request.url.scheme, request.headers)
        self.name: str = request.path_params.get("name", "")
        self.query = request.query_params
        self._raw = raw

    @cached_property
    def body(self) -> Json:
        """Fields nobody asks for are dropped; no body is an empty one. Raises BackendError InvalidArgument."""
        try:
            body: Any = json.loads(self._raw or b"{}")
        except ValueError as error:
            raise BackendError("InvalidArgument", f"the body is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise BackendError("InvalidArgument", "the body must be a JSON object")
        return body

    def text(self, field: str, default: str | None = None) -> str:
        """A field of the body. Raises BackendError InvalidArgument."""
        value = self.body.get(field)
        value = default if value is None else value
        if not isinstance(value, str):
            raise BackendError("InvalidArgument", f"field {field!r} must be a string")
        return value

    def texts(self, field: str) -> list[str]:
        """A field of the body that is a list. Raises BackendError InvalidArgument."""
        value = self.body.get(field)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BackendError("InvalidArgument", f"field {field!r} must be a list of strings")
        return value

    def flag(self, field: str) -> bool:
        """A field of the body that is false unless it is true."""
        return self.body.get(field) is True

    def size(self, field: str = "size") -> int:
        """A size in bytes, as a volume can have it. Raises BackendError InvalidArgument."""
        try:
            return volume_size(self.text(field))
        except ValueError as error:
            raise BackendError("InvalidArgument", f"field {field!r}: {error}") from error

    def labels(self) -> dict[str, str]:
        """Raises BackendError InvalidArgument."""
        given = self.body.get("labels") or {}
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise BackendError("InvalidArgument", "field 'labels' must be an object of strings")
        bad = [key for key in given if "=" in key]
        if bad:
            raise BackendError("InvalidArgument", f"a label's key may not have a '=' in it: {bad[0]!r}")
        return given
