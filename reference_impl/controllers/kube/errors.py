"""What an API server says when it does not do as asked."""

from __future__ import annotations

from typing import Any

_BUSY = frozenset({429, 500, 502, 503, 504})


class ApiError(Exception):
    """A Kubernetes ``Status`` that is not a success. ``str()`` is the server's own message."""

    def __init__(self, status: int, body: dict[str, Any] | str) -> None:
        fields = body if isinstance(body, dict) else {}
        self.status = status
        self.reason = str(fields.get("reason") or "")
        super().__init__(str(fields.get("message") or body or f"HTTP status {status}"))

    @property
    def answer(self) -> str:
        """The HTTP status and the server's own message, for a log that is to show what was answered."""
        return f"HTTP status {self.status} ({str(self).strip()})"

    @property
    def not_found(self) -> bool:
        """The object, or the whole resource, does not exist."""
        return self.status == 404

    @property
    def conflict(self) -> bool:
        """The object was changed meanwhile (reason ``Conflict``)."""
        return self.status == 409 and self.reason != "AlreadyExists"

    @property
    def exists(self) -> bool:
        """An object of that name is there already."""
        return self.status == 409 and self.reason == "AlreadyExists"

    @property
    def gone(self) -> bool:
        """The resourceVersion of a watch is too old: list again."""
        return self.status == 410

    @property
    def busy(self) -> bool:
        """The server is in trouble for the moment: the same request may succeed a moment later."""
        return self.status in _BUSY


class ApiUnreachableError(Exception):
    """No answer: connection refused, reset, timed out, or TLS failed."""
