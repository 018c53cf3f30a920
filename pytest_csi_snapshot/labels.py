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
RUN = f"{DOMAIN}/run"
WORKER = f"{DOMAIN}/worker"
TEST = f"{DOMAIN}/test"
NUDGE = f"{DOMAIN}/nudge"
"""An annotation without meaning: changing it makes a controller look at the object now."""


INVENTED_DRIVER = "nobody."
"""How the names of drivers begin that tests make up: no controller serves them."""


@dataclass(frozen=True)
class Mark:
    """Who makes an object: the run and the worker of it."""

    run: str
    worker: str

    @property
    def labels(self) -> dict[str, str]:
        return {"app.kubernetes.io/managed-by": DOMAIN, RUN: self.run, WORKER: self.worker}

    @property
    def selector(self) -> str:
        """Selects what this worker made."""
        return f"{RUN}={self.run},{WORKER}={self.worker}"

    @property
    def prefix(self) -> str:
        """How the names of this worker's namespaces and cluster-wide objects begin."""
        return f"{self.run_prefix}{self.worker}-"

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
        """A controller made it for an object of ours: it lies in a namespace of this worker, or refers to one."""
        home = body.get("metadata", {}).get("namespace") or referred(body).get("namespace")
        return str(home or "").startswith(self.prefix)

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
