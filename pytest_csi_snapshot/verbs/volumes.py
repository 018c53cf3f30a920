"""Volumes: claims that are provisioned, restored, cloned and grown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import BOUND, capacity_of, grown, status_of
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.holding import attachments_of
from pytest_csi_snapshot.kube.kinds import PV, PVC, SNAPSHOT, STORAGE_CLASS, VOLUME_ATTACHMENT
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import GI, format_quantity, parse_quantity
from pytest_csi_snapshot.sizes import Sizes
from pytest_csi_snapshot.verbs.core import Core
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.waiting import WaitTimeout

Json = dict[str, Any]

TRIED = (5 * GI, 10 * GI, 20 * GI)
"""Bytes that are tried where a driver refuses an ordinary volume: what Kubernetes' own tests take, and more."""

NO_CLONES = "does not support clone"
"""What the external-provisioner says of a driver without CLONE_VOLUME (CLN-010)."""


class VolumeVerbs(Core):
    """Verbs on claims. Each returns at once; ``bound`` waits."""

    cluster: Cluster
    _storage_class: str = ""

    @property
    def sizes(self) -> Sizes:
        """The sizes of this run: as declared, or from the least that somebody's driver makes: tried once."""
        declared, station = self.bounds.sizes, self.station
        if declared.least or self.cluster.provider != "existing":
            return declared
        if not station.least:
            station.least = self._least_that_works(declared)
        return declared.with_least(station.least)

    def _least_that_works(self, declared: Sizes) -> int:
        """Bytes of the smallest volume that the driver does not refuse, as large as it makes it (OUT_OF_RANGE).

        A driver that does not answer is asked no further: whoever needs a volume will find out.
        """
        for size in dict.fromkeys((declared.ordinary, *map(declared.whole, TRIED))):
            if declared.exceeded_by(size):
                break
            claim = self.claim(size)
            try:
                made = self._made_or_refused(claim)
            except PreparationError:
                break
            self.delete(claim)
            if made:
                return max(size, declared.whole(made))
        return declared.ordinary

    def _made_or_refused(self, claim: Handle) -> int:
        """Wait until a claim is Bound, then its capacity in bytes; 0 where the driver refuses its size."""

        def answered() -> Version | None:
            latest = self.history.latest(claim.uid)
            if latest and not latest.deleted and BOUND.holds(latest.object):
                return latest
            told = (each for each in self.events_of(claim) if each.object.get("reason") == "ProvisioningFailed")
            return next((each for each in told if "OutOfRange" in str(each.object.get("message", ""))), None)

        found = self._await(claim, answered, "Bound, or OutOfRange", "", self.limits.reaction)
        return capacity_of(found.object) if found.uid == claim.uid else 0

    @property
    def size(self) -> int:
        """Bytes of a volume where the test does not care."""
        return self.sizes.ordinary

    @property
    def larger(self) -> int:
        """Bytes to which tests grow such a volume."""
        return self.sizes.larger

    @property
    def largest(self) -> int:
        """Bytes to which tests grow it in a second step."""
        return self.sizes.largest

    @quiet
    def within_bounds(self, size: int) -> int:
        """The size itself; a larger one than volumes may have ends the test."""
        __tracebackhide__ = True
        sizes = self.bounds.sizes
        if sizes.exceeded_by(size):
            limit = format_quantity(sizes.limit)
            self.out_of_bounds("size.limit", f"it takes a volume of {format_quantity(size)}, the limit is {limit}")
        return size

    @property
    def storage_class(self) -> str:
        """The class of ordinary volumes: it binds at once and deletes with the claim; derived if need be.

        Where somebody has volumes of the given class for the taking, it is one that none of them has.
        """
        if not self._storage_class:
            given = self.api.get(STORAGE_CLASS, None, self.cluster.storage_class)
            plain = given.get("volumeBindingMode", "Immediate") == "Immediate"
            plain = plain and given.get("reclaimPolicy", "Delete") == "Delete"
            plain = plain and self.cluster.storage_class not in self.station.classes_with_spares
            self._storage_class = self.cluster.storage_class if plain else self.storage_class_with()
        return self._storage_class

    def storage_parameters(self) -> dict[str, str]:
        """The parameters of the given StorageClass."""
        return dict(self.api.get(STORAGE_CLASS, None, self.cluster.storage_class).get("parameters") or {})

    def storage_class_with(self, *, name: str = "", **changes: Any) -> str:
        """The name of a new class like the given one, with other top-level fields."""
        given = self.api.get(STORAGE_CLASS, None, self.cluster.storage_class)
        copied = ("provisioner", "parameters", "allowVolumeExpansion", "mountOptions", "allowedTopologies")
        body = {key: given[key] for key in copied if key in given}
        body |= {"volumeBindingMode": "Immediate", "reclaimPolicy": "Delete", **changes}
        meta = {"name": name or self.api.mark.fresh("class")}
        return self.create(STORAGE_CLASS, {**body, "metadata": meta}).name

    def claim(
        self, size: int = 0, *, source: Handle | None = None, mode: str = "Filesystem", storage_class: str = "",
        name: str = "", access: str = "", namespace: str = "",
    ) -> Handle:  # fmt: skip
        """A new claim, of the ordinary size unless one is given, beside its source if any; not waited for."""
        __tracebackhide__ = True
        size = self.within_bounds(size or self.size)
        spec: Json = {
            "accessModes": [self._allowed(access)],
            "volumeMode": mode,
            "storageClassName": storage_class or self.storage_class,
            "resources": {"requests": {"storage": format_quantity(size)}},
        }
        if source is not None:
            group = {"apiGroup": SNAPSHOT.api_version.split("/")[0]} if source.kind == SNAPSHOT else {}
            spec["dataSource"] = {**group, "kind": source.kind.kind, "name": source.name}
        namespace = namespace or (source.namespace if source is not None else self.namespace)
        meta = {"name": name or fresh_name("claim"), "namespace": namespace}
        return self.create(PVC, {"metadata": meta, "spec": spec})

    def _allowed(self, access: str) -> str:
        """An access mode that a claim may have, the ordinary one for ""; another ends the test."""
        __tracebackhide__ = True
        allowed = self.bounds.access_modes
        if access and allowed and access not in allowed:
            self.out_of_bounds(
                "accessModes", f"it takes a {access} volume, and only {', '.join(allowed)} are declared"
            )
        return access or self.bounds.access

    def missing_claim(self) -> Handle:
        """A claim that does not exist; ``claim`` can make it later, by its name."""
        return Handle(PVC, self.namespace, fresh_name("claim"), "")

    def unbound_claim(self) -> Handle:
        """A claim that stays Pending until a pod comes to use it."""
        return self.claim(storage_class=self.storage_class_with(volumeBindingMode="WaitForFirstConsumer"))

    def volume(self, size: int = 0, *, mode: str = "Filesystem") -> Handle:
        """A new, empty, bound volume."""
        __tracebackhide__ = True
        claim = self.claim(size, mode=mode)
        self.bound(claim)
        return claim

    def restore(self, snapshot: Handle, size: int = 0, *, mode: str = "Filesystem") -> Handle:
        """A claim on the data of a snapshot; of its ``restoreSize`` where no size is given."""
        if not size:
            size = self.restore_size(snapshot) or self.size
        return self.claim(size, source=snapshot, mode=mode)

    def restore_size(self, snapshot: Handle) -> int:
        """Bytes that a restore of a snapshot needs at least; 0 where the driver does not say."""
        return parse_quantity(status_of(self.get(snapshot)).get("restoreSize") or "0")

    def clone(self, source: Handle, size: int = 0, *, mode: str = "Filesystem") -> Handle:
        """A claim on a copy of another claim's volume."""
        return self.claim(size, source=source, mode=mode)

    def bound(self, claim: Handle, clause: str = "") -> Json:
        """The claim once it is Bound; a clone is not supported where the driver does not claim it (CLN-010)."""
        __tracebackhide__ = True
        soon = replace(BOUND, hopeless=lambda body: BOUND.hopeless(body) or self._no_clones(claim))
        try:
            return self.wait(claim, soon, clause, within=self.limits.bind)
        except WaitTimeout:
            if why := self._no_clones(claim):
                self.not_supported(clause, why, lacks="clone")
            raise

    def _no_clones(self, claim: Handle) -> str:
        told = (str(event.object.get("message", "")) for event in self.events_of(claim))
        return next((message for message in told if NO_CLONES in message), "")

    def may_grow(self, clause: str) -> None:
        """Go on only where the StorageClass claims that its volumes can be expanded."""
        __tracebackhide__ = True
        name = self.storage_class
        if not self.api.get(STORAGE_CLASS, None, name).get("allowVolumeExpansion"):
            self.not_supported(
                clause,
                f"StorageClass {name} does not allow expansion; --csi-storage-class chooses another",
                lacks="xc",
            )

    def pv_of(self, claim: Handle) -> Handle:
        """The volume that a Bound claim is bound to."""
        name = self.get(claim)["spec"]["volumeName"]
        return Handle.of(PV, self.api.get(PV, None, name))

    def volume_handle(self, claim: Handle) -> str:
        """The driver's own name of the volume that a Bound claim is bound to."""
        return str(self.get(self.pv_of(claim))["spec"]["csi"]["volumeHandle"])

    def detached(self, claim: Handle) -> None:
        """Wait until no node holds the claim's volume any more; at once where the driver has no attaching."""
        self.station.watch_attachments(self.cluster.driver)
        volume = self.pv_of(claim)

        def nowhere() -> Version | None:
            latest = (versions[-1] for versions in self.history.objects(VOLUME_ATTACHMENT))
            there = [version.object for version in latest if not version.deleted]
            return None if attachments_of(volume.name, there) else self.history.latest(volume.uid)

        self._await(volume, nowhere, "no VolumeAttachment", "", self.limits.pod)

    def expand(self, claim: Handle, to: int) -> Json:
        """Ask for a larger claim, in bytes."""
        __tracebackhide__ = True
        self.within_bounds(to)
        return self.patch(claim, {"spec": {"resources": {"requests": {"storage": format_quantity(to)}}}})

    def grown(self, claim: Handle, to: int, clause: str = "") -> Json:
        """The claim once its expansion is over."""
        __tracebackhide__ = True
        return self.wait(claim, grown(to), clause, within=self.limits.resize)

    def capacity(self, what: Handle) -> int:
        """Bytes of a claim or a volume, now."""
        return capacity_of(self.get(what))
