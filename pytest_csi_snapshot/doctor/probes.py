"""Asks the cluster by doing: a snapshot of nothing, a content of nothing, a claim with a pod, in one namespace.

A healthy cluster answers in a second or two. Everything bears the labels of a run and is removed at the end;
nothing that a controller makes for it outlives it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.conditions import BOUND, POD_DONE, not_the_volumes_fault, status_of
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import POD, PVC, RESOURCE_QUOTA, STORAGE_CLASS
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import Mark, fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.limits import Limits
from pytest_csi_snapshot.quantities import format_quantity, parse_quantity
from pytest_csi_snapshot.scenario import Scenario
from pytest_csi_snapshot.station import Station
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.snapshots import READY_OR_REFUSED
from pytest_csi_snapshot.waiting import WaitTimeout, wait_for
from pytest_csi_snapshot.workloads.pods import Workload, mount_path

from .evidence import Canary

REACTION = 10.0
"""Seconds in which a controller must have moved: idle ones need a tenth of one, busy ones two (PFL-003)."""

PATIENCE = 20.0
"""Seconds for a claim and a pod. Who needs more is slow, which is no ailment."""

KNOWN_TO_BE_AWAY = 4.0
"""Seconds, instead of either, for an answer of what visibly does not run."""

_LIMITS = Limits(
    bind=PATIENCE, snapshot=REACTION, pod=PATIENCE, deletion=REACTION, release=REACTION, reaction=REACTION
)
_STARTING = ("DeadlineExceeded", "deadline exceeded", "Aborted", "already exists")
"""Words by which a provisioner says that a volume is still being made."""

_CLAIMS = "PersistentVolumeClaim"
"""A word of the scheduler about pods whose claims are not bound."""

_IMAGE_TROUBLE = ("ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")


class Probes:
    """The probes of one examination; each method is one question."""

    def __init__(self, scenario: Scenario) -> None:
        self._at = scenario
        self._contents: list[Handle] = []
        self.left = ""
        """What of the probes did not go, in words; known when they are closed."""

    def snapshot_controller(self) -> Callable[[], float | None]:
        """Ask it about a VolumeSnapshot whose content does not exist; the answer is read later."""
        begun = self._at.history.clock()
        asked = self._at.imported(self._at.api.mark.fresh("content"))

        def answered() -> float | None:
            moves = [each for each in self._at.versions(asked) if _was_moved(each)]
            moves += self._at.events_of(asked)
            return min((each.at for each in moves), default=None)

        return lambda: _since(begun, answered())

    def snapshotter(self) -> Callable[[], float | None]:
        """Ask the driver's sidecar about a content with a handle that nobody has."""
        begun = self._at.history.clock()
        content = self._at.import_content(self._at.api.mark.fresh("handle"))
        self._contents.append(content)

        def answered() -> float | None:
            states = (each for each in self._at.versions(content) if READY_OR_REFUSED.holds(each.object))
            return next((each.at for each in states), None)

        return lambda: _since(begun, answered())

    def close(self) -> None:
        """Remove everything; contents that no sidecar has answered for nobody else lets go of."""
        for content in self._contents:
            if not any(READY_OR_REFUSED.holds(each.object) for each in self._at.versions(content)):
                self._at.free(content)
        try:
            self._at.close()
        except PreparationError as error:
            self.left = str(error).partition("\n")[0]

    def wait(self, answers: Sequence[Callable[[], object]], within: float) -> None:
        """Return when all have an answer, or when time is up."""

        def all_there() -> bool | None:
            return all(answer() is not None for answer in answers) or None

        try:
            wait_for(self._at.history, all_there, clause="", awaited="answers", about="probes", within=within,
                     observed=list)  # fmt: skip
        except WaitTimeout:
            return

    # -- the canary

    def canary(self, within: float = PATIENCE) -> Canary:
        """An ordinary claim and a pod that writes into it; and whether a pod with a raw device is let in."""
        root = self._refusal(lambda: self._dry_pod(as_root=True))
        try:
            claim = self._at.claim(storage_class=self._class())
        except ApiError as error:
            return Canary(claim_refused=error.message, root_refused=root, pod_refused=self._refusal(self._dry_pod))
        try:
            pod = self._at.run(_writer({claim.name: "Filesystem"}), claim.namespace)
        except ApiError as error:
            return Canary(pod_refused=error.message, root_refused=root, late="no pod was let in")
        self.wait([lambda: self._end_of(pod)], within)
        return self._told(claim, pod, root)

    def _class(self) -> str:
        """The given class; one like it where that would keep the volume, or take one that somebody has spare."""
        name = self._at.cluster.storage_class
        given = self._at.api.get(STORAGE_CLASS, None, name)
        plain = given.get("reclaimPolicy", "Delete") == "Delete"
        if plain and name not in self._at.station.classes_with_spares:
            return name
        return self._at.storage_class_with(volumeBindingMode=given.get("volumeBindingMode", "Immediate"))

    def _told(self, claim: Handle, pod: Handle, root: str) -> Canary:
        now, latest = self._latest(pod), self._latest(claim)
        done, bound = POD_DONE.holds(now), BOUND.holds(latest)
        if done:
            return Canary(bound=True, done=True, root_refused=root)
        reason = not_the_volumes_fault(now) or POD_DONE.hopeless(now)
        if not bound and _CLAIMS in reason:  # it waits for its claim, which is told by itself
            reason = ""
        late = f"{self._state(claim)}; {self._state(pod)}"
        return Canary(
            bound=bound,
            root_refused=root,
            claim_why="" if bound else self._failing(claim),
            pod_why=reason,
            no_image=reason.startswith("image "),
            late=late,
        )

    def _end_of(self, pod: Handle) -> bool | None:
        now = self._latest(pod)
        waiting = [c.get("state", {}).get("waiting") or {} for c in status_of(now).get("containerStatuses") or []]
        stuck = any(each.get("reason") in _IMAGE_TROUBLE for each in waiting)
        return (POD_DONE.holds(now) or bool(POD_DONE.hopeless(now)) or stuck) or None

    def _failing(self, claim: Handle) -> str:
        """Why the provisioner makes no volume; "" where it says nothing, or says that it is at it."""
        failures = [
            str(each.object.get("message", ""))
            for each in self._at.events_of(claim)
            if each.object.get("reason") == "ProvisioningFailed"
        ]
        last = failures[-1] if failures else ""
        return "" if any(word in last for word in _STARTING) else last

    def _state(self, what: Handle) -> str:
        events = [each.object for each in self._at.events_of(what)]
        last = events[-1] if events else {}
        words = f", {last.get('reason')}: {last.get('message')}" if last else ", no event"
        return f"{what.kind} {status_of(self._latest(what)).get('phase', 'unknown')}{words}"

    def _latest(self, what: Handle) -> dict[str, object]:
        found = self._at.history.latest(what.uid)
        return found.object if found else {"metadata": {}, "spec": {}}

    def _dry_pod(self, *, as_root: bool = False) -> None:
        claims = {"nothing": "Block" if as_root else "Filesystem"}
        body = _writer(claims).manifest(
            name=fresh_name("dry"), namespace=self._at.namespace, image=self._at.cluster.image
        )
        self._at.api.create(POD, body, dry_run=True)

    @staticmethod
    def _refusal(attempt: Callable[[], None]) -> str:
        try:
            attempt()
        except ApiError as error:
            return error.message
        return ""

    def narrow_quota(self) -> str:
        """A quota in the namespace that lets not even one claim and pod in; "" where there is none such.

        Whoever fills new namespaces may have been too late for the claim: so it is looked for as well.
        """
        one_of_each = {
            "requests.storage": format_quantity(self._at.size),
            "persistentvolumeclaims": "1",
            "pods": "1",
        }
        for quota in self._at.api.list(RESOURCE_QUOTA, self._at.namespace):
            for resource, needed in one_of_each.items():
                hard = quota["spec"].get("hard", {}).get(resource)
                if hard is not None and parse_quantity(hard) < parse_quantity(needed):
                    return f"ResourceQuota {quota['metadata']['name']}: {resource} {hard}, needed are {needed}"
        return ""

    # -- gates

    def keeps_foreign_sources(self) -> bool | None:
        """Whether a claim may name a data source in another namespace (gate CrossNamespaceVolumeDataSource).

        None where no claim is let in, which is told by itself.
        """
        source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s",
                  "namespace": "elsewhere"}  # fmt: skip
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                "dataSourceRef": source}  # fmt: skip
        try:
            return "dataSourceRef" in self._at.try_create(PVC, spec=spec)["spec"]
        except ApiError as error:
            if error.status not in (403, 422):
                raise
            return None


def _writer(claims: dict[str, str]) -> Workload:
    return Workload(f"echo here > {mount_path(0)}/probe", claims)


def _was_moved(version: Version) -> bool:
    meta = version.object["metadata"]
    return bool(meta.get("finalizers") or status_of(version.object))


def _since(begun: float, at: float | None) -> float | None:
    return None if at is None else max(0.0, at - begun)


@contextmanager
def open_probes(client: KubeClient, cluster: Cluster) -> Iterator[Probes]:
    """Probes in a namespace of their own, closed at the end."""
    station = Station(client, Mark(secrets.token_hex(4), "doctor"))
    station.open()
    try:
        sizes = replace(cluster.bounds.sizes, least=cluster.bounds.sizes.ordinary)  # none is tried out here
        bounds = replace(cluster.bounds, limits=_LIMITS, sizes=sizes)
        scenario = Scenario(station, cluster, None, "doctor", bounds)
        probes = Probes(scenario)
        try:
            yield probes
        finally:
            probes.close()
    finally:
        station.close()
