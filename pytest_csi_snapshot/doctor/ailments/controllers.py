"""Controllers and sidecars: whether they are there, run, and answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.doctor.evidence import Evidence, Survey
from pytest_csi_snapshot.doctor.finding import Ailment, Ground, Sight, listed
from pytest_csi_snapshot.inventory import Component
from pytest_csi_snapshot.kube.kinds import POD

from .apis import serves_snapshots

Json = dict[str, Any]


def states(survey: Survey, program: str) -> list[tuple[Component, str]]:
    """The components of a program, each with what is wrong with its container; "" where it runs."""
    pods = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in survey.pods}
    return [(each, _trouble(pods[each.namespace, each.pod], each.container)) for each in survey.of(program)]


def _trouble(pod: Json, container: str) -> str:
    status = status_of(pod)
    for each in status.get("containerStatuses") or []:
        if each["name"] != container:
            continue
        state = each.get("state") or {}
        if "running" in state:
            return ""
        stopped = state.get("waiting") or state.get("terminated") or {}
        last = (each.get("lastState") or {}).get("terminated") or state.get("terminated") or {}
        exited = f", exit code {last['exitCode']} after {each.get('restartCount', 0)} restarts" if last else ""
        return f"{stopped.get('reason') or stopped.get('message') or 'not started'}{exited}"
    return f"{status.get('phase', 'Pending')}: {status.get('message') or status.get('reason') or 'not started'}"


@dataclass(frozen=True)
class _Part:
    """A program whose absence is to be told.

    ``answered`` is whether the cluster has shown that its work is done, by whomever; None where that is not known.
    ``wanted`` says whether the driver needs it at all.
    """

    program: str
    clause: str
    ground: Ground
    wanted: Callable[[Evidence], bool]
    answered: Callable[[Evidence], bool | None]

    def missing(self, evidence: Evidence) -> Sight | None:
        if not self._ailing(evidence) or POD.plural in evidence.survey.refused or evidence.survey.of(self.program):
            return None
        return Sight(f"no pod runs it{self._silence(evidence)}", sure=self._sure(evidence))

    def down(self, evidence: Evidence) -> Sight | None:
        found = states(evidence.survey, self.program)
        if not self._ailing(evidence) or not found or not all(trouble for _, trouble in found):
            return None
        first, trouble = found[0]
        return Sight(f"{first.namespace}/{first.pod}: {trouble}{self._words(evidence)}", _place(first))

    def silent(self, evidence: Evidence) -> Sight | None:
        if not self._ailing(evidence) or self.answered(evidence) is None:
            return None
        found = states(evidence.survey, self.program)
        running = [each for each, trouble in found if not trouble]
        if not running and (found or POD.plural not in evidence.survey.refused):
            return None  # told as missing or down
        lacks = evidence.answers.rights.get(self.program, ())
        rights = f"; its account may not {listed(lacks)}" if lacks else ""
        seen = f"{self._silence(evidence).removeprefix(', ')}{rights}{self._words(evidence)}"
        return Sight(seen, _place(running[0]) if running else {})

    def _ailing(self, evidence: Evidence) -> bool:
        return self.wanted(evidence) and self.answered(evidence) is not True

    def _sure(self, evidence: Evidence) -> bool:
        """A probe has shown it, or its siblings can be seen, so it would be seen too."""
        if self.ground in (Ground.SNAPSHOT_CONTROLLER, Ground.SNAPSHOTTER):
            return self.answered(evidence) is False
        return bool(evidence.survey.sidecars)

    def _silence(self, evidence: Evidence) -> str:
        return ", and a probe had no answer within 10 s" if self.answered(evidence) is False else ""

    def _words(self, evidence: Evidence) -> str:
        words = evidence.answers.last_words.get(self.program)
        return f"; it says: {words}" if words else ""


def _place(component: Component) -> dict[str, str]:
    return {"namespace": component.namespace, "pod": component.pod, "container": component.container}


def _snapshots(evidence: Evidence) -> bool:
    """Without its CRDs no controller can work: that is told once."""
    return serves_snapshots(evidence.survey)


def _reacted(name: str) -> Callable[[Evidence], bool | None]:
    def answered(evidence: Evidence) -> bool | None:
        answers = evidence.answers
        return getattr(answers, name) is not None if answers.asked_controllers else None

    return answered


def _bound(evidence: Evidence) -> bool | None:
    canary = evidence.answers.canary
    return None if canary is None or canary.claim_refused else canary.bound


def _ended(evidence: Evidence) -> bool | None:
    canary = evidence.answers.canary
    return None if canary is None or not canary.bound or canary.pod_refused else canary.done


def _grows(evidence: Evidence) -> bool:
    classes = evidence.survey.storage_classes
    return any(
        each["metadata"]["name"] == evidence.storage_class and each.get("allowVolumeExpansion") for each in classes
    )


def _attaches(evidence: Evidence) -> bool:
    survey = evidence.survey
    found = [each["spec"] for each in survey.drivers if each["metadata"]["name"] == survey.driver]
    return bool(found) and found[0].get("attachRequired", True) is not False


def _has_class(evidence: Evidence) -> bool:
    return bool(evidence.storage_class)


def _rights(evidence: Evidence) -> Sight | None:
    told = [f"{who} may not {listed(lacks)}" for who, lacks in evidence.answers.rights.items() if lacks]
    return Sight("; ".join(told)) if told else None


_CONTROLLER = _Part(
    inventory.SNAPSHOT_CONTROLLER, "PFL-003", Ground.SNAPSHOT_CONTROLLER, _snapshots, _reacted("controller")
)
_SNAPSHOTTER = _Part(inventory.SNAPSHOTTER, "PFL-004", Ground.SNAPSHOTTER, _snapshots, _reacted("snapshotter"))
_PROVISIONER = _Part(inventory.PROVISIONER, "PFL-012", Ground.VOLUMES, _has_class, _bound)
_ATTACHER = _Part(inventory.ATTACHER, "PFL-013", Ground.PODS, _attaches, _ended)
_RESIZER = _Part(inventory.RESIZER, "PFL-012", Ground.GROWTH, _grows, lambda _: None)

_LOGS = "kubectl -n {namespace} logs {pod} -c {container}"
_LOOK = f"see why: {_LOGS} --previous; kubectl -n {{namespace}} describe pod {{pod}}"
_SIDECARS = "https://github.com/kubernetes-csi"


def _sidecar(part: _Part, repository: str, symptom: str) -> tuple[Ailment, ...]:
    """The rows of a sidecar: not there, or not running."""
    name = part.program
    return (
        Ailment(f"{name}-missing", part.clause, f"no {name} serves the driver", symptom,
                f"add the container {name} to the driver's controller pod, or switch it on where the driver is"
                f" installed: {_SIDECARS}/{repository}", (part.ground,), part.missing),
        Ailment(f"{name}-down", part.clause, f"the driver's {name} does not run", symptom, _LOOK,
                (part.ground,), part.down),
    )  # fmt: skip


ROWS = (
    Ailment(
        "snapshot-controller-missing",
        "PFL-003",
        "the cluster has no snapshot-controller",
        "a VolumeSnapshot has neither a status nor an event, however long one waits",
        "install it, once per cluster: kubectl kustomize 'https://github.com/kubernetes-csi/external-snapshotter/"
        "deploy/kubernetes/snapshot-controller?ref=v8.6.0' | kubectl apply -f -",
        (Ground.SNAPSHOT_CONTROLLER,),
        _CONTROLLER.missing,
    ),
    Ailment(
        "snapshot-controller-down",
        "PFL-003",
        "the snapshot-controller does not run",
        "a VolumeSnapshot has neither a status nor an event; the pod is in CrashLoopBackOff or ImagePullBackOff",
        _LOOK,
        (Ground.SNAPSHOT_CONTROLLER,),
        _CONTROLLER.down,
    ),
    Ailment(
        "snapshot-controller-silent",
        "PFL-003",
        "the snapshot-controller does not answer",
        "its pod runs, and a VolumeSnapshot has neither a status nor an event",
        f"read what it says, often a right that it lacks or a lease that it cannot get: {_LOGS}",
        (Ground.SNAPSHOT_CONTROLLER,),
        _CONTROLLER.silent,
    ),
    *_sidecar(
        _SNAPSHOTTER,
        "external-snapshotter",
        "a VolumeSnapshot is bound to a VolumeSnapshotContent that never has a status",
    ),
    Ailment(
        "csi-snapshotter-silent",
        "PFL-004",
        "the driver's csi-snapshotter does not answer",
        "its pod runs, and a VolumeSnapshotContent has no status",
        f"read what it says, often a right that it lacks, or a driver that does not answer: {_LOGS}",
        (Ground.SNAPSHOTTER,),
        _SNAPSHOTTER.silent,
    ),
    *_sidecar(
        _PROVISIONER,
        "external-provisioner",
        "a claim stays Pending with the event ExternalProvisioning: Waiting for a volume to be created",
    ),
    *_sidecar(
        _ATTACHER,
        "external-attacher",
        "pods stay in ContainerCreating with the event FailedAttachVolume: timed out waiting for"
        " external-attacher",
    ),
    *_sidecar(
        _RESIZER,
        "external-resizer",
        "a claim that was enlarged has the event ExternalExpanding and no condition",
    ),
    Ailment(
        "controllers-lack-rights",
        "PFL-009",
        "accounts of controllers lack rights that their work takes",
        "their logs repeat 'is forbidden: User \"system:serviceaccount:…\" cannot'",
        "apply the ClusterRoles of their release, and see that they are bound: kubectl get clusterrolebindings -o"
        " wide",
        (),
        _rights,
    ),
)  # fmt: skip
