"""Labels and names of everything that a run makes: how it knows its own, and how a sweep finds it.

Namespaces of a worker share a prefix, so that objects which controllers make for us (contents, volumes) are
recognised by the namespace that they refer to. Names are random: two runs on one cluster never meet.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

DOMAIN = "pytest-csi-snapshot"
MANAGED_BY = "app.kubernetes.io/managed-by"
RUN = f"{DOMAIN}/run"
WORKER = f"{DOMAIN}/worker"
TEST = f"{DOMAIN}/test"
NUDGE = f"{DOMAIN}/nudge"
"""An annotation without meaning: changing it makes a controller look at the object now."""


COMMON_NAMESPACE = DOMAIN
"""The one namespace that all runs on a cluster share: for the lease of the tests that run alone."""

BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
"""On a volume that was there before its claim: somebody's, which Kubernetes has given to a claim of ours."""

INVENTED_DRIVER = "nobody."
"""How the names of drivers begin that tests make up: no controller serves them."""


@dataclass(frozen=True)
class Mark:
    """Who makes an object: the run and the worker of it; "" for whoever speaks for all of them."""

    run: str
    worker: str

    @property
    def labels(self) -> dict[str, str]:
        return {MANAGED_BY: DOMAIN, RUN: self.run, WORKER: self.worker}

    @property
    def selector(self) -> str:
        """Selects what this worker made."""
        return f"{RUN}={self.run},{WORKER}={self.worker}"

    @property
    def prefix(self) -> str:
        """How the names of this worker's namespaces and cluster-wide objects begin."""
        return f"{self.run_prefix}{self.worker}-" if self.worker else self.run_prefix

    @property
    def run_prefix(self) -> str:
        """How the names of all workers' namespaces begin."""
        return f"csi-{self.run}-"

    def fresh(self, what: str = "") -> str:
        """A new name for a namespace or a cluster-wide object."""
        return f"{self.prefix}{what + '-' if what else ''}{secrets.token_hex(3)}"

    def made_by_us(self, body: Json) -> bool:
        """The object carries this run's label (of any worker)."""
        return (body.get("metadata", {}).get("labels") or {}).get(RUN) == self.run

    def derived_from_us(self, body: Json) -> bool:
        """A controller made it for an object of ours: it lies in a namespace of this worker, or refers to one.

        A volume that was merely given to a claim of ours is its owner's, whatever it refers to.
        """
        meta = body.get("metadata", {})
        if BOUND_BY_CONTROLLER in (meta.get("annotations") or {}) and "claimRef" in (body.get("spec") or {}):
            return False
        home = meta.get("namespace") or referred(body).get("namespace")
        return str(home or "").startswith(self.prefix)

    def at_home(self, namespace: str) -> bool:
        """The namespace is one that this run makes."""
        return namespace.startswith(self.run_prefix)

    def ours(self, body: Json) -> bool:
        """Made by us, or made for us."""
        return self.made_by_us(body) or self.derived_from_us(body)


def referred(body: Json) -> Json:
    """The reference of a content or a volume to what it was made for; {} where there is none."""
    spec = body.get("spec") or {}
    for name in ("volumeSnapshotRef", "volumeGroupSnapshotRef", "claimRef"):
        if found := spec.get(name):
            return dict(found)
    return {}


def fresh_name(what: str) -> str:
    """A new name inside a namespace of ours."""
    return f"{what}-{secrets.token_hex(3)}"
