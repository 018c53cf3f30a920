"""How a call is refused, and what every call has in common: one log line, and errors as gRPC codes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc

log = logging.getLogger("driver")


class Refusal(Exception):  # noqa: N818  it is an answer, not an accident
    """The call is answered with this code; the text is for whoever reads the event in Kubernetes."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


def invalid(message: str) -> Refusal:
    """The caller's mistake, e.g. a field that is missing."""
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, message)


def need(value: str, what: str) -> str:
    """``value``, unless it is empty. Raises Refusal INVALID_ARGUMENT."""
    if not value:
        raise invalid(f"{what} missing in request")
    return value


if TYPE_CHECKING:
    _Interceptor = grpc.ServerInterceptor[Any, Any]
else:
    _Interceptor = grpc.ServerInterceptor  # it is generic for type checkers only


class Answering(_Interceptor):
    """Turns a Refusal, or any other exception, into a gRPC status, and logs each call in one line.

    Requests are not logged: they may hold secrets.
    """

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """See grpc.ServerInterceptor."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method = handler_call_details.method.rpartition("/")[2]
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: _answer(method, handler.unary_unary, request, context),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def _answer(method: str, call: Callable[[Any, Any], Any], request: Any, context: grpc.ServicerContext) -> Any:
    subject = _subject(request)
    try:
        response = call(request, context)
    except Refusal as refusal:
        log.info("%s %s: %s: %s", method, subject, refusal.code.name, refusal.message)
        context.abort(refusal.code, refusal.message)
    except NotImplementedError:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not a capability of this driver")
    except Exception as error:  # one broken call must not look like a dead driver
        log.exception("%s %s failed", method, subject)
        context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
    log.log(logging.DEBUG if not subject else logging.INFO, "%s %s: OK", method, subject)
    return response


def _subject(request: Any) -> str:
    """What a call is about."""
    fields = ("volume_id", "name", "snapshot_id", "group_snapshot_id")
    return next((value for field in fields if (value := getattr(request, field, ""))), "")
