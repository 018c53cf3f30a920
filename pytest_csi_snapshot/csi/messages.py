"""CSI messages as one line of text, without what is secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf import text_format

from pytest_csi_snapshot.csi.wire import csi_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message

M = TypeVar("M", bound="Message")
_SECRET: Any = csi_pb2.csi_secret  # its generated type lacks what it extends

HIDDEN = "***"
"""Stands in a text for a secret that a driver has repeated."""


def shown(message: Message) -> str:
    """All set fields in one line; fields marked ``csi_secret`` are left out, at every depth."""
    return str(text_format.MessageToString(public(message), as_one_line=True)).strip()


def public(message: M) -> M:
    """A copy without the fields marked ``csi_secret``, at every depth."""
    plain = type(message)()
    plain.CopyFrom(message)
    _strip(plain)
    return plain


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """``text`` with each of the secret values hidden; a driver's message may hold one."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, HIDDEN)
    return text


def _strip(message: Message) -> None:
    for field, value in message.ListFields():
        options: Any = field.GetOptions()
        if options.Extensions[_SECRET]:
            message.ClearField(field.name)
        elif field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        elif field.is_repeated:
            for each in value:
                _strip(each)
        else:
            _strip(value)
