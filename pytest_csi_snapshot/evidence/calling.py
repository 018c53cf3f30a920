"""The calls at a driver's socket as evidence: what was asked and answered, without what is secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict

from pytest_csi_snapshot.csi.calls import Answer
from pytest_csi_snapshot.csi.messages import public
from pytest_csi_snapshot.evidence.model import Call

MOST = 500
"""Calls of one test that are kept, those that came last."""


def calls_in(answers: Iterable[Answer[Any]], began: float) -> tuple[Call, ...]:
    """The calls in the order in which they began; ``began`` is when the test did, by the same clock."""
    kept = sorted(answers, key=lambda answer: answer.began)[-MOST:]
    return tuple(
        Call(each.began - began, each.method, _plain(each.request), each.code.name, _plain(each.response),
             each.seconds, each.details)
        for each in kept
    )  # fmt: skip


def _plain(message: Any) -> dict[str, Any]:
    return dict(MessageToDict(public(message), preserving_proto_field_name=True))
