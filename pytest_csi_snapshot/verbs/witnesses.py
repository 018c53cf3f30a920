"""What the driver says when it is asked past the controllers: so it is told whose doing something is.

Only where its socket can be reached; elsewhere both stay blamed. No verdict is made here, only an owner found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import lacks_finalizer, status_of
from pytest_csi_snapshot.culprits import handles_in, uncut_volume, undeleted_handle, unfound_handle, unready_handle
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.kube.client import JSON_PATCH
from pytest_csi_snapshot.kube.kinds import CSI_NODE, POD, PV, SNAPSHOT, SNAPSHOT_CONTENT, VOLUME_ATTACHMENT
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import DOMAIN, fresh_name, referred
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core
from pytest_csi_snapshot.verbs.ground import PreparationError

OURS = f"{DOMAIN}/witness"
"""A finalizer that nobody knows, and so nobody may take off."""


class WitnessVerbs(Core):
    """Questions whose answers are keys of OWNERS, several ones where they cannot be told apart."""

    cluster: Cluster

    @quiet
    def sidecar_or_driver(self, handle: str, differs: Callable[[Any], bool]) -> str:
        """Whose doing it is that a content does not say what it should of the snapshot ``handle``.

        The driver's where what it tells (``csi.listing.Told``, None for an unknown one) differs from it too.
        """
        socket = self._socket()
        if socket is None or not handle:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import told_of

        return self._asked(lambda: "DRV" if differs(told_of(socket, handle)) else "SS", "SS, DRV")

    @quiet
    def deletes_when_asked(self, handle: str, group: str = "", members: Sequence[str] = ()) -> str:
        """Whose doing it is that a snapshot is left over: the sidecar's where the driver deletes it now.

        One of a ``group`` (its handle) goes with the group and all its ``members``.
        """
        socket = self._socket()
        if socket is None:
            return "DRV, SS"
        from pytest_csi_snapshot.csi.listing import delete, delete_group, told_of

        def ask() -> str:
            if group:
                delete_group(socket, group, members)
            else:
                delete(socket, handle)
            return "DRV" if told_of(socket, handle) else "SS"

        return self._asked(ask, "DRV, SS")

    @quiet
    def has_cut_all(self, volumes: Sequence[str]) -> str:
        """Who has left out a snapshot of one of these volumes (handles): the sidecar if the driver has all."""
        socket = self._socket()
        if socket is None:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import snapshots_of

        def ask() -> str:
            return "SS" if all(snapshots_of(socket, volume) for volume in volumes) else "DRV"

        return self._asked(ask, "SS, DRV")

    @quiet
    def repeats_secrets(self, secrets: Mapping[str, str], word: str) -> str:
        """Who has told a word of some secrets: the driver if it does so in a refusal that nobody else hears."""
        socket = self._socket()
        if socket is None:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import refusal_of

        told = partial(refusal_of, socket, fresh_name("never"), secrets)
        return self._asked(lambda: "DRV" if word in told() else "SS", "SS, DRV")

    @quiet
    def volumes_of_driver(self) -> frozenset[str] | None:
        """The handles of all volumes that the driver has; None where it is out of reach or does not list them."""
        socket = self._socket()
        if socket is None:
            return None
        import grpc

        from pytest_csi_snapshot.csi.listing import all_volumes, can_list_volumes

        try:
            return all_volumes(socket) if can_list_volumes(socket) else None
        except (grpc.RpcError, OSError):
            return None

    @quiet
    def takes_off_finalizers(self, snapshot: Handle, otherwise: str) -> str:
        """Who has taken a finalizer off a VolumeSnapshot: its controller if it does not leave one of ours either.

        Everybody else who writes to it has to do with one finalizer only; ``otherwise`` is whose that was.
        """
        addition = [{"op": "add", "path": "/metadata/finalizers/-", "value": OURS}]
        try:
            self.patch(snapshot, addition, content_type=JSON_PATCH)
            self.wait(snapshot, lacks_finalizer(OURS))
        except (ApiError, PreparationError):
            left = [name for name in self.get(snapshot)["metadata"].get("finalizers", []) if name != OURS]
            self.patch(snapshot, {"metadata": {"finalizers": left}})
            return otherwise
        return "SC"

    @quiet
    def cuts_apart(self, volume: str) -> str:
        """Who has given two snapshots of a volume (its handle) one handle: the sidecar if the driver does not.

        The driver is asked for two at once, under names that nobody has used.
        """
        socket = self._socket()
        if socket is None:
            return "SS, DRV"
        from pytest_csi_snapshot.csi.listing import cut, delete

        def ask() -> str:
            with ThreadPoolExecutor() as pool:
                made = set(pool.map(lambda _: cut(socket, fresh_name("witness"), volume), range(2)))
            for handle in made:
                delete(socket, handle)
            return "SS" if len(made) == 2 else "DRV"

        return self._asked(ask, "SS, DRV")

    def _culprit(self, what: Handle, awaited: str) -> str:
        """As elsewhere; where it is the sidecar or the driver, the driver is asked whether that is its doing."""
        found = super()._culprit(what, awaited)
        if what.kind == POD:
            return self._tells_of_no_attachment(what) or found
        if what.kind not in (SNAPSHOT, SNAPSHOT_CONTENT):
            return found
        if found in ("SS", "DRV") and (handle := undeleted_handle(self.history, what.uid)):
            return self.deletes_when_asked(handle)
        if found == "SS" and (handle := unfound_handle(self.history, what.uid)):
            return self.sidecar_or_driver(handle, lambda told: not (told and told.ready))
        if found != "DRV" or what.kind != SNAPSHOT:
            return found
        if handle := unready_handle(self.history, what.uid):
            return self.sidecar_or_driver(handle, lambda told: not (told and told.ready))
        return self._keeps_to_names(uncut_volume(self.history, what.uid))

    def _keeps_to_names(self, volume: str) -> str:
        """Whose doing it is that a snapshot of a volume (its handle) never gets done.

        The sidecar's where the driver has several that no content knows of, but makes one of two calls with one
        name: each call has come with another name, and so began anew.
        """
        socket = self._socket()
        if socket is None or not volume:
            return "DRV"
        from pytest_csi_snapshot.csi.listing import cut, delete, snapshots_of

        name = fresh_name("witness")

        def ask() -> str:
            if len({*snapshots_of(socket, volume)} - handles_in(self.history)) < 2:
                return "DRV"
            made = {cut(socket, name, volume) for _ in range(2)}
            for handle in made:
                delete(socket, handle)
            return "SS" if len(made) == 1 else "DRV"

        return self._asked(ask, "DRV")

    def _tells_of_no_attachment(self, pod: Handle) -> str:
        """Whose doing it is that a pod cannot use a volume which is told to be attached to its node.

        The attacher's where the driver does not tell so, unless it has told the attacher what is not true;
        "" where it tells the same, or nothing.
        """
        socket, latest = self._socket(), self.history.latest(pod.uid)
        if socket is None or latest is None:
            return ""
        from pytest_csi_snapshot.csi.listing import can_list_nodes, nodes_by_volume

        spec = latest.object["spec"]
        handles = self._attached_to(spec.get("nodeName", ""), pod.namespace, claims_of(spec))
        nodes = [
            body for body in self._seen_now(CSI_NODE, None) if body["metadata"]["name"] == spec.get("nodeName")
        ]
        here = {each["nodeID"] for node in nodes for each in node["spec"].get("drivers") or []
                if each["name"] == self.cluster.driver}  # fmt: skip

        def ask() -> str:
            told = nodes_by_volume(socket) if handles and can_list_nodes(socket) else None
            missing = told is not None and any(not here & told.get(handle, frozenset()) for handle in handles)
            return "EA, DRV" if missing else ""

        return self._asked(ask, "")

    def _attached_to(self, node: str, namespace: str, claims: set[str]) -> set[str]:
        """The handles of those claims' volumes that the control plane says are attached to a node."""
        attached = {
            body["spec"]["source"].get("persistentVolumeName")
            for body in self._seen_now(VOLUME_ATTACHMENT, None)
            if body["spec"]["nodeName"] == node and status_of(body).get("attached")
        }
        volumes = (body for body in self._seen_now(PV, None) if body["metadata"]["name"] in attached)
        wanted = {(namespace, claim) for claim in claims}
        return {
            str(body["spec"]["csi"]["volumeHandle"])
            for body in volumes
            if ((ref := referred(body)).get("namespace"), ref.get("name")) in wanted and "csi" in body["spec"]
        }

    def _socket(self) -> Path | None:
        return Path(self.cluster.endpoint.removeprefix("unix://")) if self.cluster.endpoint else None

    def _asked(self, ask: Callable[[], str], otherwise: str) -> str:
        import grpc

        try:
            return ask()
        except grpc.RpcError as error:  # it answers, and not with what it should: nobody else has a part in that
            known = error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNIMPLEMENTED)
            return "DRV" if known else otherwise
        except OSError:
            return otherwise


def claims_of(pod: Mapping[str, Any]) -> set[str]:
    """The names of the claims that the spec of a pod uses."""
    used = (volume.get("persistentVolumeClaim") or {} for volume in pod.get("volumes") or [])
    return {str(claim["claimName"]) for claim in used if claim}
