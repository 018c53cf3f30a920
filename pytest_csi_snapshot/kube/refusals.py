"""What an API server says when it does not do as asked."""

from __future__ import annotations

from typing import Any

_BUSY = frozenset({429, 500, 502, 503, 504})


class ApiError(Exception):
    """A Kubernetes ``Status`` that is not a success; carries what the server said, unchanged.

    ``status`` is the HTTP code, ``reason`` the machine-readable reason (``NotFound``, ``Conflict``,
    ``Invalid`` ...), ``causes`` the ``details.causes`` of a validation failure. ``retry_after`` are the seconds
    after which the server wants to be asked again, 0 where it does not say: those of its header, or of its words.
    """

    def __init__(
        self, method: str, path: str, status: int, body: dict[str, Any] | str, retry_after: float = 0.0
    ) -> None:
        fields = body if isinstance(body, dict) else {}
        self.method = method
        self.path = path
        self.status = status
        self.reason = str(fields.get("reason") or "")
        self.message = str(fields.get("message") or (body if isinstance(body, str) else ""))
        details = fields.get("details") or {}
        self.causes: list[dict[str, Any]] = list(details.get("causes") or [])
        self.retry_after = retry_after or float(details.get("retryAfterSeconds") or 0)
        super().__init__(f"{method} {path}: {status} {self.reason}: {self.message}")

    @property
    def not_found(self) -> bool:
        """The object (or the whole resource) does not exist."""
        return self.status == 404

    @property
    def conflict(self) -> bool:
        """The object was changed meanwhile, or exists already."""
        return self.status == 409

    @property
    def gone(self) -> bool:
        """The resourceVersion of a watch or a paged list is too old."""
        return self.status == 410

    @property
    def busy(self) -> bool:
        """The server is in trouble for the moment, or its cache has not come so far as its store: ask again."""
        return self.status in _BUSY


class ApiUnreachableError(Exception):
    """No answer: connection refused, reset, timed out, or TLS failed."""

    def __init__(self, method: str, path: str, cause: BaseException) -> None:
        self.method = method
        self.path = path
        self.cause = cause
        super().__init__(f"{method} {path}: no answer from the API server: {cause}")
