"""Faults of the finalizers that protect the source of a running restore or clone, and of waiting for a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.provisioner.main import Provisioner


class RestoreUnprotected(Fault):
    """A snapshot can vanish while it is being restored."""

    name = "restore-source-unprotected"
    component = "csi-provisioner"
    breaks = ("FIN-008", "RES-009")
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """No finalizer is put on a snapshot."""

        def careless(clean: Clean, claim: Json, source: Any) -> None:
            if source.kind != "VolumeSnapshot":
                clean(claim, source)

        wrap(target.protection, "begin", careless)


class CloneUnprotected(Fault):
    """A claim can vanish while it is being cloned."""

    name = "clone-source-unprotected"
    component = "csi-provisioner"
    breaks = ("FIN-009",)
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """No finalizer is put on a claim."""

        def careless(clean: Clean, claim: Json, source: Any) -> None:
            if source.kind == "VolumeSnapshot":
                clean(claim, source)

        wrap(target.protection, "begin", careless)


class RestoreProtectionStays(Fault):
    """A snapshot that was restored once is never deleted: a finalizer is left on it."""

    name = "restore-finalizer-left-behind"
    component = "csi-provisioner"
    breaks = ("FIN-008", "FIN-011", "RES-025")
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """The finalizer of a restore is never taken off."""

        def idle(_clean: Clean, _key: str) -> None:
            """Nobody lets it go."""

        wrap(target.protection, "sweep_snapshot", idle)


class CloneProtectionStays(Fault):
    """A claim that was cloned once is never deleted: a finalizer is left on it."""

    name = "clone-finalizer-left-behind"
    component = "csi-provisioner"
    breaks = ("FIN-009", "FIN-011", "CLN-002")
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """The finalizer of a clone is never taken off."""

        def idle(_clean: Clean, _key: str) -> None:
            """Nobody lets it go."""

        wrap(target.protection, "sweep_claim", idle)


class CloneProtectionEndsEarly(Fault):
    """A claim that is being deleted vanishes while a clone of it is still pending."""

    name = "clone-protection-ends-early"
    component = "csi-provisioner"
    breaks = ("FIN-009",)
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """Pending clones count for nothing when the finalizer is taken off."""

        def nobody(clean: Clean, source: Any) -> list[Json]:
            return [] if source.kind == "PersistentVolumeClaim" else clean(source)

        wrap(target.protection, "_waiting", nobody)


class WaitingRestoreForgotten(Fault):
    """A claim whose snapshot was not there when it was created stays Pending for ever."""

    name = "waiting-restore-forgotten"
    component = "csi-provisioner"
    breaks = ("RES-008", "RES-007", "CLN-003")
    kind = "flaky"

    def apply(self, target: Provisioner) -> None:
        """A claim that could not be filled is looked at no more."""
        failed = set[str]()

        def once(clean: Clean, key: str) -> None:
            if key in failed:
                return
            try:
                clean(key)
            except Exception:
                failed.add(key)
                raise

        wrap(target.claims, "sync", once)
