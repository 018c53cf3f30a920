"""Class parameters with the reserved prefix: secrets are resolved from them, the rest goes to the driver.

Clauses SEC-001 to SEC-003. Knows nothing of how a secret is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "csi.storage.k8s.io/"

FSTYPE = PREFIX + "fstype"

_TOKEN = re.compile(r"\$\{([^}]*)\}")
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})*")
_LABEL = re.compile(_DNS_LABEL)


class ParameterError(Exception):
    """A class cannot be used as it is written."""


@dataclass(frozen=True)
class SecretReference:
    """Where a secret is."""

    name: str
    namespace: str

    def as_json(self) -> dict[str, str]:
        """As a ``SecretReference`` of the core API."""
        return {"name": self.name, "namespace": self.namespace}


@dataclass(frozen=True)
class SecretUse:
    """One purpose of a secret; ``prefix`` is what its two keys have in common, e.g. ``snapshotter``."""

    prefix: str

    @property
    def name_key(self) -> str:
        return f"{PREFIX}{self.prefix}-secret-name"

    @property
    def namespace_key(self) -> str:
        return f"{PREFIX}{self.prefix}-secret-namespace"


SNAPSHOTTER = SecretUse("snapshotter")
SNAPSHOTTER_LIST = SecretUse("snapshotter-list")
GROUP_SNAPSHOTTER = SecretUse("group-snapshotter")
GROUP_SNAPSHOTTER_GET = SecretUse("group-snapshotter-get")
PROVISIONER = SecretUse("provisioner")
CONTROLLER_PUBLISH = SecretUse("controller-publish")
NODE_STAGE = SecretUse("node-stage")
NODE_PUBLISH = SecretUse("node-publish")
CONTROLLER_EXPAND = SecretUse("controller-expand")
NODE_EXPAND = SecretUse("node-expand")
CONTROLLER_MODIFY = SecretUse("controller-modify")

SNAPSHOT_USES = (
    SNAPSHOTTER,
    SNAPSHOTTER_LIST,
    GROUP_SNAPSHOTTER,
    GROUP_SNAPSHOTTER_GET,
)
STORAGE_USES = (
    PROVISIONER,
    CONTROLLER_PUBLISH,
    NODE_STAGE,
    NODE_PUBLISH,
    CONTROLLER_EXPAND,
    NODE_EXPAND,
    CONTROLLER_MODIFY,
)


def secret(
    use: SecretUse,
    parameters: Mapping[str, str],
    name_tokens: Mapping[str, str],
    namespace_tokens: Mapping[str, str],
) -> SecretReference | None:
    """The secret of a class for one use, None where the class names none.

    ``name_tokens`` and ``namespace_tokens`` are what ``${...}`` may stand for in the two templates. Raises
    ParameterError where only one key is there, a token is unknown, or the result is no legal name.
    """
    name_template, namespace_template = parameters.get(use.name_key), parameters.get(use.namespace_key)
    if name_template is None and namespace_template is None:
        return None
    if not name_template or not namespace_template:
        raise ParameterError(
            f"either name and namespace for {use.prefix} secrets specified: both must be specified "
            f"({use.name_key} and {use.namespace_key})"
        )
    name = _resolve(name_template, name_tokens)
    namespace = _resolve(namespace_template, namespace_tokens)
    if not _SUBDOMAIN.fullmatch(name):
        raise ParameterError(f'"{name_template}" resolved to "{name}" which is not a valid secret name')
    if not _LABEL.fullmatch(namespace):
        raise ParameterError(
            f'"{namespace_template}" resolved to "{namespace}" which is not a valid namespace name'
        )
    return SecretReference(name, namespace)


def snapshot_tokens(
    content: str, snapshot: str | None, namespace: str | None, *, kind: str = "volumesnapshot"
) -> tuple[dict[str, str], dict[str, str]]:
    """Tokens for the name and the namespace template of a snapshot's secrets (clause SEC-003).

    ``kind`` is what they begin with; ``volumegroupsnapshot`` for a group snapshot.
    """
    tokens = {f"{kind}content.name": content}
    if namespace:
        tokens[f"{kind}.namespace"] = namespace
    named = {**tokens, f"{kind}.name": snapshot} if snapshot else tokens
    return named, tokens


def for_driver(parameters: Mapping[str, str], uses: tuple[SecretUse, ...], *more: str) -> dict[str, str]:
    """The parameters without the reserved keys: those of ``uses`` and ``more``.

    Raises ParameterError for any other key with the reserved prefix (clause SEC-001).
    """
    known = {key for use in uses for key in (use.name_key, use.namespace_key)} | set(more)
    for key in parameters:
        if key.startswith(PREFIX) and key not in known:
            raise ParameterError(f'found unknown parameter key "{key}" with reserved namespace {PREFIX}')
    return {key: value for key, value in parameters.items() if not key.startswith(PREFIX)}


def _resolve(template: str, tokens: Mapping[str, str]) -> str:
    unknown = sorted({token for token in _TOKEN.findall(template) if token not in tokens})
    if unknown:
        listed = ", ".join(f'"{token}"' for token in unknown)
        raise ParameterError(f'error resolving value "{template}": invalid tokens: [{listed}]')
    return _TOKEN.sub(lambda match: tokens[match[1]], template)
