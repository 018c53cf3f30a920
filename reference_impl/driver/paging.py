"""Lists in pages. A token names the last entry seen, so it stays right while entries come and go."""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from .refusals import Refusal, invalid

_AFTER = "after/"


def page(keys: Sequence[str], max_entries: int, token: str) -> tuple[list[str], str]:
    """The keys of one page of the sorted ``keys``, and the token of the next; "" if there is none.

    Raises Refusal: INVALID_ARGUMENT for a negative number, ABORTED for a token that is none of ours.
    """
    if max_entries < 0:
        raise invalid("max_entries cannot be negative")
    if token and not token.startswith(_AFTER):
        raise Refusal(grpc.StatusCode.ABORTED, f"unknown starting_token {token!r}: start again without one")
    left = [key for key in keys if not token or key > token.removeprefix(_AFTER)]
    if not max_entries or len(left) <= max_entries:
        return left, ""
    return left[:max_entries], _AFTER + left[max_entries - 1]
