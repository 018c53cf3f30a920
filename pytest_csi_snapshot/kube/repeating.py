"""Asking again: what became of a request that failed, whether it is sent once more, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import tenacity
import urllib3

from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError

Json = dict[str, Any]


class Fate(Enum):
    """What became of a request that was not answered by a success."""

    UNREAD = "nobody has looked at it: whatever it is, it may be sent again"
    UNKNOWN = "it may have been served: a read is sent again, of a write it has to be found out"
    REFUSED = "this is the answer"


_FATES = {429: Fate.UNREAD, 500: Fate.UNKNOWN, 502: Fate.UNKNOWN, 503: Fate.UNKNOWN, 504: Fate.UNKNOWN}
"""HTTP code -> fate; all others are refusals."""

_ADMISSION_IN_TROUBLE = ("not yet ready", "connection refused")
"""What an admission plugin says that cannot read what it needs, as its API server comes up or goes down."""

_NEVER_SENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


def fate(error: BaseException) -> Fate:
    """What became of the request that failed so."""
    if isinstance(error, ApiUnreachableError):
        return Fate.UNREAD if isinstance(error.cause, _NEVER_SENT) else Fate.UNKNOWN
    if not isinstance(error, ApiError):
        return Fate.REFUSED
    if error.status == 403 and any(words in error.message for words in _ADMISSION_IN_TROUBLE):
        return Fate.UNREAD
    return _FATES.get(error.status, Fate.REFUSED)


def lost(error: BaseException) -> bool:
    """Nobody knows whether the request was served: for what may be asked twice."""
    return fate(error) is not Fate.REFUSED


_BACK_OFF = tenacity.wait_random_exponential(multiplier=0.1, max=3)


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds until the next attempt: never before the server has said that it wants to be asked again."""
    error = state.outcome.exception() if state.outcome else None
    wanted = error.retry_after if isinstance(error, ApiError) else 0.0
    return max(wanted, _BACK_OFF(state))


def repeating(worth: Callable[[BaseException], bool]) -> tenacity.Retrying:
    """A call that is made again while its failure is ``worth`` it, for 30 s and once at least. Raises it then."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(worth),
        wait=_pause,
        stop=tenacity.stop_all(tenacity.stop_after_delay(30), tenacity.stop_after_attempt(2)),
        reraise=True,
    )


def written(send: Callable[[], Json], landed: Callable[[], Json | None], *, twice: bool = True) -> Json:
    """The answer to a write, which is sent until there is one, and takes effect once.

    ``landed`` looks at the cluster: the object as that write has made it, None where it has not. It is asked only
    after an attempt of which nobody knows whether it was served: where the next one meets a conflict, and before
    any other where the write must not be served ``twice``. Raises what the last attempt raised.
    """
    doubtful = False

    def attempt() -> Json:
        nonlocal doubtful
        if doubtful and not twice and (found := landed()) is not None:
            return found
        try:
            return send()
        except (ApiError, ApiUnreachableError) as error:
            conflicts = isinstance(error, ApiError) and error.conflict
            if doubtful and conflicts and (found := landed()) is not None:
                return found
            doubtful = doubtful or fate(error) is Fate.UNKNOWN
            raise

    return repeating(lost)(attempt)


def bears(present: Any, wanted: Any) -> bool:
    """Whether an object is as a JSON merge patch wants it; null stands for a field that is not there."""
    if isinstance(wanted, dict):
        fields = present if isinstance(present, dict) else {}
        return all(bears(fields.get(name), value) for name, value in wanted.items())
    return bool(present == wanted)
