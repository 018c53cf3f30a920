"""Reads the secrets that CSI calls carry. Their values go nowhere but into the call (clause STAT-009)."""

from __future__ import annotations

import base64

from ..kube.client import KubeClient
from ..kube.errors import ApiError
from ..kube.kinds import SECRET
from ..parameters import SecretReference


class SecretError(Exception):
    """A secret that a call needs cannot be read; the text has its name, never its content."""


def read(client: KubeClient, reference: SecretReference | None) -> dict[str, str]:
    """The entries of a secret as text; empty without a reference. Raises SecretError."""
    if reference is None:
        return {}
    try:
        secret = client.get(SECRET, reference.namespace, reference.name)
    except ApiError as error:
        text = f"error getting secret {reference.name} in namespace {reference.namespace}: {error}"
        raise SecretError(text) from error
    data: dict[str, str] = secret.get("data") or {}
    return {key: base64.b64decode(value).decode() for key, value in data.items()}
