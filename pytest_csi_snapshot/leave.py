"""The two changes to things of others that tests know, each only with the user's leave.

A default class is set aside, and put back; a pod of a controller is ended, and its Deployment makes another.
"""

from __future__ import annotations

from typing import Any

from pytest_csi_snapshot.allowances import CLUSTER_STATE, DISRUPTIVE, lacking
from pytest_csi_snapshot.defaults import putting_back, set_aside_by, setting_aside
from pytest_csi_snapshot.kube.kinds import POD, SNAPSHOT_CLASS
from pytest_csi_snapshot.owning import NotOursError, OwnedClient

Json = dict[str, Any]


class LeaveClient(OwnedClient):
    """An OwnedClient that can do these as well."""

    def set_aside(self, snapshot_class: Json) -> None:
        """Make somebody's class no default; what it was stands on it. Raises ApiError (conflict) where it changed.

        Raises NotOursError without the allowance.
        """
        self._need(CLUSTER_STATE, "it changes which classes are defaults")
        name = snapshot_class["metadata"]["name"]
        self._note("set aside", SNAPSHOT_CLASS, None, name)
        seen = {"resourceVersion": snapshot_class["metadata"]["resourceVersion"]}
        annotations = setting_aside(snapshot_class, self.mark.run)
        self._change(name, {**seen, "annotations": annotations})

    def put_back(self, snapshot_class: Json) -> None:
        """Make a class again what it was before this run set it aside; never that of another run."""
        name = snapshot_class["metadata"]["name"]
        if set_aside_by(snapshot_class) != self.mark.run:
            raise NotOursError(f"{SNAPSHOT_CLASS} {name} was not set aside by this run")
        self._change(name, {"annotations": putting_back(snapshot_class)})

    def end_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod that something makes again."""
        self._need(DISRUPTIVE, "it ends controllers of the cluster")
        pod = self.find(POD, namespace, name)
        if pod is not None and not pod["metadata"].get("ownerReferences"):
            raise NotOursError(f"{POD} {namespace}/{name} has no owner: nothing would make it again")
        self._end(POD, namespace, name, uid=uid)

    def _change(self, name: str, meta: Json) -> None:
        body = {"metadata": meta}
        self._write(
            lambda: self._client.patch(SNAPSHOT_CLASS, None, name, body),
            lambda: self._landed(SNAPSHOT_CLASS, None, name, body),
            dry_run=False,
        )

    def _need(self, allowance: str, what: str) -> None:
        if allowance not in self.allowed:
            raise NotOursError(lacking(allowance, what))
