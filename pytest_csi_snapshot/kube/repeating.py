"""Asking again: which failures of a request are worth it, and after how long."""

from __future__ import annotations

from collections.abc import Callable

import tenacity

from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError


def lost(error: BaseException) -> bool:
    """Nobody knows whether the request was served: for what may be asked twice."""
    return isinstance(error, ApiUnreachableError) or (isinstance(error, ApiError) and error.busy)


def refused_unread(error: BaseException) -> bool:
    """The request was not served: for anything."""
    return isinstance(error, ApiError) and error.status == 429


_BACK_OFF = tenacity.wait_random_exponential(multiplier=0.1, max=3)


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds until the next attempt: never before the server has said that it wants to be asked again."""
    error = state.outcome.exception() if state.outcome else None
    wanted = error.retry_after if isinstance(error, ApiError) else 0.0
    return max(wanted, _BACK_OFF(state))


def repeating(worth: Callable[[BaseException], bool]) -> tenacity.Retrying:
    """A call that is made again while its failure is ``worth`` it, for 30 s at most; then that is raised."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(worth),
        wait=_pause,
        stop=tenacity.stop_after_delay(30),
        reraise=True,
    )
