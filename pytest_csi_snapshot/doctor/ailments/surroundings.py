"""What surrounds the driver: admission, quotas, images, and what earlier runs have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.doctor.evidence import Canary, Evidence
from pytest_csi_snapshot.doctor.finding import Ailment, Ground, Sight, listed
from pytest_csi_snapshot.kube.kinds import NAMESPACE
from pytest_csi_snapshot.labels import RUN

Json = dict[str, Any]

_POD_SECURITY = "violates PodSecurity"
_QUOTA = (
    "exceeded quota",
    "failed quota",
    "maximum storage usage per",
    "minimum storage usage per",
    "insufficient quota",
)
_LABEL = "pod-security.kubernetes.io/enforce"


def _canary(look: Callable[[Canary], str]) -> Callable[[Evidence], Sight | None]:
    """A look at how the claim and the pod fared; nothing is seen where there were none."""

    def looked(evidence: Evidence) -> Sight | None:
        canary = evidence.answers.canary
        seen = look(canary) if canary else ""
        return Sight(seen, {"image": evidence.image}) if seen else None

    return looked


def _of_quota(text: str) -> bool:
    return any(word in text for word in _QUOTA)


def _quota(evidence: Evidence) -> Sight | None:
    canary = evidence.answers.canary or Canary()
    refused = [text for text in (canary.claim_refused, canary.pod_refused) if _of_quota(text)]
    seen = evidence.answers.narrow_quota or (refused[0] if refused else "")
    return Sight(seen) if seen else None


def _claim_refused(canary: Canary) -> str:
    return "" if _of_quota(canary.claim_refused) else canary.claim_refused


def _pod_refused(canary: Canary) -> str:
    return "" if _of_quota(canary.pod_refused) else canary.pod_refused


def _root_refused(canary: Canary) -> str:
    return "" if canary.pod_refused or _of_quota(canary.root_refused) else canary.root_refused


def _not_made(canary: Canary) -> str:
    return canary.claim_why


def _no_image(canary: Canary) -> str:
    return canary.pod_why if canary.no_image else ""


def _not_run(canary: Canary) -> str:
    return "" if canary.no_image or canary.claim_why else canary.pod_why


def _late(canary: Canary) -> str:
    told = canary.claim_why or canary.pod_why or canary.pod_refused
    return "" if told else canary.late


def _not_probed(evidence: Evidence) -> Sight | None:
    return Sight(evidence.answers.trouble) if evidence.answers.trouble else None


def _leftovers(evidence: Evidence) -> Sight | None:
    left: dict[str, list[str]] = {}
    for body in evidence.survey.leftovers:
        if _on_its_way(body):
            continue
        meta = body["metadata"]
        state = " (terminating)" if "deletionTimestamp" in meta else ""
        left.setdefault(meta["labels"][RUN], []).append(f"{body['kind']} {meta['name']}{state}")
    told = [f"run {run}: {listed(names)}" for run, names in sorted(left.items())]
    return Sight("; ".join(told), {"run": sorted(left)[0]}) if told else None


def _left(evidence: Evidence) -> Sight | None:
    return Sight(evidence.answers.left) if evidence.answers.left else None


def _on_its_way(body: Json) -> bool:
    """A namespace that is being taken down, with nothing in it that holds it up."""
    conditions = status_of(body).get("conditions") or []
    stuck = any(c["type"] == "NamespaceFinalizersRemaining" and c["status"] == "True" for c in conditions)
    return "deletionTimestamp" in body["metadata"] and body["kind"] == NAMESPACE.kind and not stuck


ROWS = (
    Ailment(
        "probes-refused",
        "PFL-013",
        "the probes could not be made",
        "the API server, or a webhook in it, refuses a namespace of our own or what is made in it",
        "do what the message says; namespaces of runs begin with csi-",
        (Ground.NAMESPACES,),
        _not_probed,
    ),
    Ailment(
        "quota-too-small",
        "PFL-013",
        "a quota or a limit range refuses what the checks make",
        "claims or pods are refused with: exceeded quota",
        "exempt namespaces that begin with csi- from it, or raise it: kubectl get resourcequotas,limitranges -A",
        (Ground.VOLUMES,),
        _quota,
    ),
    Ailment(
        "claim-refused",
        "PFL-013",
        "a claim of the driver's StorageClass is refused",
        "the API server, or a webhook in it, answers with a reason",
        "do what the message says",
        (Ground.VOLUMES,),
        _canary(_claim_refused),
    ),
    Ailment(
        "pod-refused",
        "PFL-013",
        "an ordinary pod is refused",
        "a pod is refused although it keeps the Pod Security level restricted",
        "do what the message says; the rules of namespaces that begin with csi- must let pods in",
        (Ground.PODS,),
        _canary(_pod_refused),
    ),
    Ailment(
        "pod-security-too-strict",
        "PFL-013",
        "pods that open a raw device are refused: Pod Security is restricted",
        f'pods are refused with: {_POD_SECURITY} "restricted:latest"; a raw device belongs to root',
        f"exempt namespaces that begin with csi-, or let them be {_LABEL}=baseline, if Block volumes matter",
        (Ground.ROOT_PODS,),
        _canary(_root_refused),
    ),
    Ailment(
        "volume-not-made",
        "PFL-013",
        "a claim of the driver's StorageClass does not become a volume",
        "a claim stays Pending with the event ProvisioningFailed",
        "do what the message says; what the driver itself says is in the logs of its controller pod",
        (Ground.VOLUMES,),
        _canary(_not_made),
    ),
    Ailment(
        "image-not-pullable",
        "PFL-013",
        "the image of the workload pods cannot be had",
        "pods stay Pending with ErrImagePull or ImagePullBackOff",
        "name one that the nodes can pull, with a POSIX shell in it: --csi-image=IMAGE (now: {image})",
        (Ground.PODS,),
        _canary(_no_image),
    ),
    Ailment(
        "pod-not-run",
        "PFL-013",
        "an ordinary pod with a volume of the driver does not run",
        "a pod stays Pending, or fails",
        "do what the message says: kubectl describe nodes",
        (Ground.PODS,),
        _canary(_not_run),
    ),
    Ailment(
        "volume-late",
        "PFL-013",
        "an ordinary pod with a volume of the driver was not done within 20 s",
        "none: a slow driver, a slow registry or a new node",
        "nothing where the driver is known to be slow; otherwise see the events of its pods and claims",
        (),
        _canary(_late),
    ),
    Ailment(
        "probes-left-behind",
        "PFL-014",
        "something of the probes could not be removed",
        "none, but what holds it is at fault: a controller that is away, or a finalizer that nobody takes off",
        "see to the other findings; it goes when what it waits for is back",
        (),
        _left,
    ),
    Ailment(
        "leftovers",
        "PFL-014",
        "objects of other runs are in the cluster",
        "none, but what they hold in the backend; or another run is under way",
        "list what is of dead runs: --csi-sweep; remove that: --csi-sweep=delete; see all of it: kubectl"
        f" get namespaces,volumesnapshotcontents,volumesnapshotclasses,storageclasses -l {RUN}={{run}}",
        (),
        _leftovers,
    ),
)
