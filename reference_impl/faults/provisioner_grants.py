"""Faults of the provisioner where a claim is filled from another namespace."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ..controllers.provisioner import sources
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.provisioner.main import Provisioner


class GrantNotChecked(Fault):
    """Anybody may restore from any namespace: no ReferenceGrant is asked for."""

    name = "grant-not-checked"
    component = "csi-provisioner"
    breaks = ("RES-024", "CLN-009")
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """Every crossing of namespaces is taken to be granted."""

        def granted(_clean: Clean, _claim: Json, _source: Any) -> None:
            """Nobody has to allow it."""

        wrap(inner(target.claims, "_sources"), "check_grant", granted)


class GrantForOneNameOnly(Fault):
    """A ReferenceGrant for all snapshots of a namespace grants nothing: only one that names the snapshot does."""

    name = "grant-without-name-ignored"
    component = "csi-provisioner"
    breaks = ("RES-023",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """Entries of ``to`` without a name are passed over."""

        def strict(clean: Clean, claim: Json, source: Any, grants: list[Json]) -> bool:
            named = copy.deepcopy(grants)
            for grant in named:
                grant["spec"]["to"] = [each for each in grant["spec"].get("to") or [] if each.get("name")]
            return bool(clean(claim, source, named))

        wrap(sources, "allowed", strict)
