"""Secrets that classes name: made, used, and looked for where they must not be.

A driver that needs credentials gets those of the given class in each secret made here; a word that only this
test knows is added, so that it can be told whether anybody has shown it.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.access import may
from pytest_csi_snapshot.conditions import BOUND, READY, Condition, error_of
from pytest_csi_snapshot.kube.kinds import EVENT, POD, PV, PVC, SECRET, SNAPSHOT, SNAPSHOT_CLASS, SNAPSHOT_CONTENT
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import lost
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.snapshots import SnapshotVerbs
from pytest_csi_snapshot.waiting import WaitTimeout

Json = dict[str, Any]

RESERVED = "csi.storage.k8s.io/"
SNAPSHOTTER = "snapshotter"
SNAPSHOTTER_LIST = "snapshotter-list"
PROVISIONER = "provisioner"

DELETION_NAME = "snapshot.storage.kubernetes.io/deletion-secret-name"
DELETION_NAMESPACE = "snapshot.storage.kubernetes.io/deletion-secret-namespace"
VOLUME_SECRET = "volume.kubernetes.io/provisioner-deletion-secret"
"""How the two annotations of a PV begin that name the secret of its deletion (SEC-007)."""

_ENTRY = "pytest-csi-snapshot"
_MAY_NOT_READ = "is forbidden"
"""What the API server says of a secret that a controller's role does not let it read."""


def secret_keys(use: str) -> tuple[str, str]:
    """The two class parameters that name the secret of one use, e.g. ``snapshotter``."""
    return f"{RESERVED}{use}-secret-name", f"{RESERVED}{use}-secret-namespace"


def naming(use: str, name: str, namespace: str) -> dict[str, str]:
    """Class parameters that name a secret; both may be templates (SEC-003)."""
    return dict(zip(secret_keys(use), (name, namespace), strict=True))


@dataclass(frozen=True)
class Credentials:
    """What a secret holds: ``data`` as the API wants it, and the word in it that nobody may tell."""

    data: Mapping[str, str]
    word: str


class SecretVerbs(SnapshotVerbs):
    """Verbs on secrets and on the classes that name them."""

    def credentials(self, clause: str, parameters: Mapping[str, str], use: str) -> Credentials:
        """What a secret for this use is to hold where a class with these ``parameters`` serves the driver.

        Ends the test as not supported where the secret of that class cannot be found or read.
        """
        __tracebackhide__ = True
        word = secrets.token_hex(16)
        name, namespace = (parameters.get(key, "") for key in secret_keys(use))
        return Credentials({**self._held(clause, name, namespace), _ENTRY: _encoded(word)}, word)

    def _held(self, clause: str, name: str, namespace: str) -> dict[str, str]:
        __tracebackhide__ = True
        if not name:
            return {}
        if "$" in name + namespace:
            self.not_supported(clause, f"the driver's own class names its secret by a template: {name}")
        try:
            return dict(self.api.get(SECRET, namespace, name).get("data") or {})
        except ApiError as error:
            if lost(error):
                self.unknown(clause, f"the secret of the driver's own class was not told: {error}")
            self.not_supported(clause, f"the secret of the driver's own class cannot be read: {error.reason}")

    def snapshot_credentials(self, clause: str, use: str = SNAPSHOTTER) -> Credentials:
        """``credentials`` for a class like the given VolumeSnapshotClass."""
        __tracebackhide__ = True
        given = self.api.get(SNAPSHOT_CLASS, None, self.cluster.snapshot_class)
        return self.credentials(clause, given.get("parameters") or {}, use)

    def secret(self, name: str, held: Credentials, namespace: str = "") -> Handle:
        """A secret, in the namespace of the test unless another of ours is given."""
        meta = {"name": name, "namespace": namespace or self.namespace}
        return self.create(SECRET, {"metadata": meta, "type": "Opaque", "data": dict(held.data)})

    def class_with(self, parameters: Mapping[str, str | None], policy: str = "Delete") -> Handle:
        """A class like the given one, with further parameters; without those that are None.

        At one stroke: who has heard of the class has heard of them.
        """
        return self.derived_class(policy, **parameters)

    def ready_with_secret(self, snapshot: Handle, clause: str) -> Json:
        """The snapshot once it is ready; not supported where the sidecar may not read secrets at all."""
        __tracebackhide__ = True
        told = self.wait(snapshot, _READY_OR_FORBIDDEN, within=self.limits.snapshot)
        if not (READY.holds(told) or self._may_read_secrets(inventory.SNAPSHOTTER)):
            self.not_supported(clause, f"the sidecar may not read secrets here: {error_of(told)}")
        return self.ready(snapshot, clause)

    def bound_with_secret(self, claim: Handle, clause: str) -> None:
        """Wait until a claim is Bound; not supported where the provisioner may not read secrets at all."""
        __tracebackhide__ = True

        def forbidden(_body: Json) -> str:
            told = (str(event.object.get("message", "")) for event in self.events_of(claim))
            return next((message for message in told if _forbidden(message)), "")

        try:
            self.wait(claim, replace(BOUND, hopeless=forbidden), clause, within=self.limits.bind)
        except WaitTimeout:
            if not (why := forbidden({})):
                raise
            if not self._may_read_secrets(inventory.PROVISIONER):
                self.not_supported(clause, f"the provisioner may not read secrets here: {why}")
            self.wait(claim, BOUND, clause, within=self.limits.bind)

    def _may_read_secrets(self, program: str) -> bool:
        """Whether a sidecar of the driver may: an API server that has just begun refuses what it will allow."""
        try:
            running = inventory.components(self.api.list(POD, keep=inventory.concerned))
            ours = inventory.of_driver(running, self.cluster.driver)
            return any(may(self.api, "get", SECRET, user=each.user) for each in ours if each.program == program)
        except ApiError:  # we may not ask: what it was told counts
            return False

    def keeps(self, clause: str, held: Credentials) -> None:
        """Check that nobody has shown the word of a secret: in no object and in no event of this worker."""
        __tracebackhide__ = True
        words = (held.word, _encoded(held.word))
        showing = [
            f"{version.kind} {version.name}"
            for kind in (SNAPSHOT, SNAPSHOT_CONTENT, PVC, PV, EVENT)
            for versions in self.history.objects(kind)
            for version in versions
            if any(word in json.dumps(version.object) for word in words)
        ]
        self.check(
            clause,
            expected="the secret's value in no object and no event",
            observed=", ".join(dict.fromkeys(showing)) or "in none",
            holds=not showing,
            about="what the secret holds",
            blame=self.repeats_secrets(_plain(held), held.word) if showing else None,
        )


def _plain(held: Credentials) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in held.data.items()}


def _encoded(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


def _forbidden(message: str) -> bool:
    return "secrets" in message and _MAY_NOT_READ in message


_READY_OR_FORBIDDEN = Condition(READY.text, lambda body: READY.holds(body) or _forbidden(error_of(body)))
