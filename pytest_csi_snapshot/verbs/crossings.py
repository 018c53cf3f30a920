"""Claims that are filled from another namespace, and the grants by which its owner lets them do so."""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.kinds import PVC, SNAPSHOT, Kind
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.quantities import format_quantity
from pytest_csi_snapshot.verbs.answers import AnswerVerbs
from pytest_csi_snapshot.verbs.dry_runs import DryRunVerbs
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs

Json = dict[str, Any]

REFERENCE_GRANT = Kind("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "referencegrants")


class CrossingVerbs(AnswerVerbs, VolumeVerbs, DryRunVerbs):
    """Verbs across namespaces."""

    cluster: Cluster

    def may_cross(self, clause: str) -> None:
        """Go on only where the API server keeps a wish for a source in another namespace (API-PVC-004)."""
        __tracebackhide__ = True
        reference = {"kind": "PersistentVolumeClaim", "name": "any", "namespace": "elsewhere"}
        made = self.try_create(PVC, spec=self._asking(reference, self.size, ""))
        if not made["spec"].get("dataSourceRef"):
            self.of_another_kind(clause, "data sources in other namespaces are switched off in this cluster")

    def other_namespace(self) -> str:
        """A further namespace of this test, for claims and pods."""
        name = self.another_namespace().name
        self._furnish(name)
        return name

    def claim_from(self, source: Handle, namespace: str, *, storage_class: str = "") -> Handle:
        """A claim in ``namespace`` on the data of a snapshot or of a claim elsewhere; not waited for."""
        reference = {"kind": source.kind.kind, "name": source.name, "namespace": source.namespace}
        if source.kind == SNAPSHOT:
            reference["apiGroup"] = SNAPSHOT.api_version.split("/")[0]
        body = {
            "metadata": {"name": fresh_name("claim"), "namespace": namespace},
            "spec": self._asking(reference, self.size, storage_class),
        }
        return self.create(PVC, body)

    def grant(self, source: Handle, namespace: str, *, name: str = "", kind: Kind | None = None) -> Handle:
        """Let claims of ``namespace`` use what is of the kind of ``source`` and beside it; all, or one by name."""
        what = kind or source.kind
        group = what.api_version.split("/")[0] if "/" in what.api_version else ""
        target = {"group": group, "kind": what.kind} | ({"name": name} if name else {})
        peer = {"group": "", "kind": "PersistentVolumeClaim", "namespace": namespace}
        meta = {"name": fresh_name("grant"), "namespace": source.namespace}
        return self.create(REFERENCE_GRANT, {"metadata": meta, "spec": {"from": [peer], "to": [target]}})

    def _asking(self, reference: Json, size: int, storage_class: str) -> Json:
        return {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class or self.storage_class,
            "resources": {"requests": {"storage": format_quantity(size)}},
            "dataSourceRef": reference,
        }
