"""Faults of the provisioner after its checks: what it asks for, what it writes down, and what it forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..controllers import markers
from ..controllers.provisioner import plans
from .fault import Fault
from .wrapping import Clean, inner, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.provisioner.main import Provisioner
    from ..controllers.provisioner.plans import Plan
    from ..wire import csi_pb2


class RestoreHasSnapshotSize(Fault):
    """A restore that is larger than its snapshot is recorded with the size of the snapshot."""

    name = "restored-pv-has-snapshot-size"
    component = "csi-provisioner"
    breaks = ("RES-005", "RES-006", "CLN-005")
    kind = "state"

    HALF = 2

    def apply(self, target: Provisioner) -> None:
        """The PV of a copy has half of the capacity that the driver told: what the source had."""

        def smaller(clean: Clean, made: Plan, volume: csi_pb2.Volume, *args: Any) -> Json:
            if volume.HasField("content_source"):
                volume.capacity_bytes //= self.HALF
            body: Json = clean(made, volume, *args)
            return body

        wrap(plans, "persistent_volume", smaller)


class NoDeletionSecret(Fault):
    """A PV does not say which secret its deletion needs."""

    name = "pv-without-deletion-secret"
    component = "csi-provisioner"
    breaks = ("SEC-007",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """The two annotations are left out where the class has no secret."""

        def bare(clean: Clean, *args: Any) -> Json:
            body: Json = clean(*args)
            kept = {key: value for key, value in body["metadata"]["annotations"].items() if value}
            body["metadata"]["annotations"] = kept
            return body

        wrap(plans, "persistent_volume", bare)


class DeletionSecretForgotten(Fault):
    """A restored PV does not name the secret of its class for its deletion."""

    name = "restored-pv-forgets-deletion-secret"
    component = "csi-provisioner"
    breaks = ("SEC-007",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """The annotations of a copy are empty, whatever the class says."""

        def empty(clean: Clean, made: Plan, volume: csi_pb2.Volume, *args: Any) -> Json:
            body: Json = clean(made, volume, *args)
            if volume.HasField("content_source"):
                notes = body["metadata"]["annotations"]
                notes[markers.VOLUME_SECRET_NAME] = notes[markers.VOLUME_SECRET_NAMESPACE] = ""
            return body

        wrap(plans, "persistent_volume", empty)


class FirstModeOnly(Fault):
    """A restored PV has one access mode only, and a claim that asks for others is never bound to it."""

    name = "restored-pv-has-one-access-mode"
    component = "csi-provisioner"
    breaks = ("RES-022",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """Whatever the claim asks for, the PV of a copy is ReadWriteOnce."""

        def single(clean: Clean, made: Plan, volume: csi_pb2.Volume, *args: Any) -> Json:
            body: Json = clean(made, volume, *args)
            if volume.HasField("content_source"):
                body["spec"]["accessModes"] = ["ReadWriteOnce"]
            return body

        wrap(plans, "persistent_volume", single)


class WaitsForNoConsumer(Fault):
    """A restore of a class that waits for a pod is bound at once, wherever that may be."""

    name = "restore-waits-for-no-consumer"
    component = "csi-provisioner"
    breaks = ("RES-016",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """volumeBindingMode counts for nothing where a claim has a source.

        Nor does that nobody has handed the claim over yet: of one that waits for a pod that comes with its node.
        """

        def wanted(clean: Clean, claim: Json) -> bool:
            if clean(claim):
                return True
            classes, service = inner(target.claims, "_cluster").classes, inner(target.claims, "_service")
            name = claim["spec"].get("storageClassName")
            storage_class = (classes.find(name) if name else None) or {}  # the class may be as new as the claim
            restore = (
                bool(claim["spec"].get("dataSourceRef")) and storage_class.get("provisioner") == service.driver
            )
            return restore and not claim["spec"].get("volumeName") and "deletionTimestamp" not in claim["metadata"]

        def immediate(clean: Clean, claim: Json, storage_class: Json) -> bool:
            if claim["spec"].get("dataSourceRef"):
                storage_class = {**storage_class, "volumeBindingMode": "Immediate"}
            return bool(clean(claim, storage_class))

        wrap(target.claims, "_wanted", wanted)
        wrap(target.claims, "_may_start", immediate)
