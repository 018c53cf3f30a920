"""What the backend refuses, and why.

The HTTP status is for people with curl; ``code`` is what a client acts on. Longhorn answers nearly
everything with 500; a driver on top of that cannot keep the error codes of the CSI specification.
"""

from __future__ import annotations

STATUS = {
    "InvalidArgument": 400,
    "NotFound": 404,
    "AlreadyExists": 409,
    "Aborted": 409,
    "FailedPrecondition": 412,
    "OutOfRange": 422,
    "Internal": 500,
    "ResourceExhausted": 507,
}
"""Code -> HTTP status. The codes are those of gRPC."""


class BackendError(Exception):
    """A refusal; nothing was changed. ``code`` is a key of ``STATUS``."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)

    @property
    def status(self) -> int:
        return STATUS[self.code]
