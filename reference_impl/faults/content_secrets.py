"""Faults of the secrets that the csi-snapshotter reads for the driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers.kube.objects import Json
from ..controllers.parameters import SNAPSHOTTER, snapshot_tokens
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.snapshotter.main import Snapshotter


class _Secret(Fault):
    component = "csi-snapshotter"
    kind = "errors"


class MissingSecretTakenAsEmpty(_Secret):
    """A secret that does not exist is taken as an empty one, and the driver is asked without credentials."""

    name = "missing-secret-taken-as-empty"
    breaks = ("SEC-005", "DEL-013", "SEC-006", "SNAP-PRE-009")

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.kube.errors import ApiError
        from ..controllers.kube.kinds import SECRET

        def get(clean: Clean, kind: Any, namespace: str | None, name: str) -> Any:
            try:
                return clean(kind, namespace, name)
            except ApiError as error:
                if kind is SECRET and error.not_found:
                    return {}
                raise

        wrap(target.process.client, "get", get)


class ListSecretUnused(_Secret):
    """An imported snapshot is looked up without the secret that its class names for that."""

    name = "list-secret-unused"
    breaks = ("SEC-006",)

    def apply(self, target: Snapshotter) -> None:
        wrap(inner(target.contents, "_inputs"), "list_secrets", lambda _clean, _content: {})


class DeletionSecretUnused(_Secret):
    """The driver is asked to delete a snapshot without the secret that the content names."""

    name = "deletion-secret-unused"
    breaks = ("DEL-013", "SNAP-PRE-009", "SEC-004")

    def apply(self, target: Snapshotter) -> None:
        wrap(target.contents, "deletion_secrets", lambda _clean, _content: {})


class DeletionSecretOfClass(_Secret):
    """The secret of a deletion is looked up in the class, which may be another one by then."""

    name = "deletion-secret-of-class"
    breaks = ("SEC-004", "SNAP-PRE-009")

    def apply(self, target: Snapshotter) -> None:
        from ..controllers import parameters
        from ..controllers.csi import secrets

        classes = inner(target.contents, "_classes")

        def deletion_secrets(_clean: Clean, content: Json) -> Any:
            found = classes.get(content["spec"].get("volumeSnapshotClassName") or "") or {}
            ref = content["spec"]["volumeSnapshotRef"]
            tokens = snapshot_tokens(content["metadata"]["name"], ref["name"], ref["namespace"])
            reference = parameters.secret(SNAPSHOTTER, found.get("parameters") or {}, *tokens)
            return secrets.read(target.process.client, reference)

        wrap(target.contents, "deletion_secrets", deletion_secrets)


class SecretInError(_Secret):
    """What the driver refuses is shown with the whole request: secrets are there for everyone to read."""

    name = "secret-in-error"
    breaks = ("STAT-009",)

    def apply(self, target: Snapshotter) -> None:
        from ..controllers.csi.codes import CsiError

        inputs = inner(target.contents, "_inputs")

        def prepare(clean: Clean, content: Json) -> Any:
            call = clean(content)

            def told() -> Any:
                try:
                    return call()
                except CsiError as error:
                    name, _, credentials = inputs.for_creation(content)
                    text = f"{error.details} (request: name {name}, secrets {credentials})"
                    raise CsiError(error.code, text) from error

            return told

        wrap(target.contents, "prepare", prepare)
