"""The driver in the cluster, and the nodes that take its volumes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.doctor.evidence import Evidence, Survey
from pytest_csi_snapshot.doctor.finding import Ailment, Ground, Sight, listed
from pytest_csi_snapshot.kube.kinds import CSI_NODE, NODE

Json = dict[str, Any]


def homes(survey: Survey) -> dict[str, Json]:
    """Node -> the driver's entry in its CSINode, where it has one."""
    found = {}
    for node in survey.csi_nodes:
        for entry in node["spec"].get("drivers") or []:
            if entry["name"] == survey.driver:
                found[node["metadata"]["name"]] = entry
    return found


def usable(survey: Survey) -> list[str]:
    """The nodes that are Ready and take pods."""
    return [_name(node) for node in survey.nodes if is_ready(node) and not node["spec"].get("unschedulable")]


def is_ready(node: Json) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status_of(node).get("conditions") or [])


def _unreadable(survey: Survey) -> bool:
    return CSI_NODE.plural in survey.refused or NODE.plural in survey.refused


def _no_object(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    there = any(_name(each) == survey.driver for each in survey.drivers)
    return None if there or not homes(survey) else Sight(f"CSINodes name {survey.driver}, no CSIDriver does")


def _not_registered(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    if _unreadable(survey) or homes(survey):
        return None
    others = sorted({entry["name"] for node in survey.csi_nodes for entry in node["spec"].get("drivers") or []})
    return Sight(
        f"none of {len(survey.csi_nodes)} CSINodes names it; they name {listed(others) or 'no driver at all'}"
    )


def _no_usable_node(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    at = homes(survey)
    if _unreadable(survey) or not at or set(usable(survey)) & set(at):
        return None
    states = [f"{_name(node)} is {_state(node)}" for node in survey.nodes if _name(node) in at]
    return Sight(f"it is registered on {listed(at)}: {listed(states)}", {"nodes": " ".join(at)})


def _some_not_ready(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    at = homes(survey)
    if not set(usable(survey)) & set(at):
        return None  # told by another row, or nothing to tell
    states = [f"{_name(node)} is {_state(node)}" for node in survey.nodes if _state(node)]
    names = " ".join(_name(node) for node in survey.nodes if _state(node))
    return Sight(listed(states), {"nodes": names}) if states else None


def full(survey: Survey) -> dict[str, str]:
    """Nodes that take pods, but no further volume of the driver -> how many they have of how many."""
    at = homes(survey)
    limits = {node: (at[node].get("allocatable") or {}).get("count") for node in usable(survey) if node in at}
    used = Counter(
        each["spec"]["nodeName"] for each in survey.attachments if each["spec"]["attacher"] == survey.driver
    )
    return {
        node: f"{used[node]} of {limit}"
        for node, limit in limits.items()
        if limit is not None and used[node] >= int(limit)
    }


def takes_volumes(survey: Survey) -> bool:
    """Whether there is a node on which a pod could use a volume of the driver."""
    return bool(set(homes(survey)) & set(usable(survey)) - full(survey).keys())


def _no_free_slot(evidence: Evidence) -> Sight | None:
    at = full(evidence.survey)
    told = listed(f"{node}: {state}" for node, state in at.items())
    return Sight(f"volumes attached: {told}") if at and not takes_volumes(evidence.survey) else None


ROWS = (
    Ailment(
        "driver-not-registered",
        "PFL-005",
        "the driver is not registered on any node",
        "pods with its volumes stay in ContainerCreating; their events say that the driver is not found in the"
        " list of registered CSI drivers",
        "see that its node plugin runs, and what node-driver-registrar says in it: kubectl get daemonsets -A;"
        " kubectl get csinodes -o yaml",
        (Ground.VOLUMES,),
        _not_registered,
    ),
    Ailment(
        "no-node-for-the-driver",
        "PFL-005",
        "no node with the driver takes pods",
        "pods stay Pending; their events say that no nodes are available",
        "make one of them ready, or let it take pods: kubectl describe node {nodes}; kubectl uncordon {nodes}",
        (Ground.PODS,),
        _no_usable_node,
    ),
    Ailment(
        "no-free-attachment",
        "PFL-013",
        "every node has as many volumes of the driver attached as it can",
        "pods stay Pending; their events say: exceed max volume count",
        "end pods that use its volumes, or add a node; the limits: kubectl get csinodes -o yaml",
        (Ground.PODS,),
        _no_free_slot,
    ),
    Ailment(
        "csi-driver-object-missing",
        "PFL-005",
        "the driver has no CSIDriver object",
        "its volumes are attached and its fsGroup policy is taken as if nothing were known of it",
        "create the CSIDriver that the driver's manifests bring: kubectl get csidrivers",
        (),
        _no_object,
    ),
    Ailment(
        "some-nodes-take-no-pods",
        "PFL-013",
        "some nodes are not ready, or take no pods",
        "tests that need two nodes are skipped or wait; volumes on such nodes are not let go",
        "make them ready, or let them take pods: kubectl describe node {nodes}",
        (),
        _some_not_ready,
    ),
)


def _name(body: Json) -> str:
    return str(body["metadata"]["name"])


def _state(node: Json) -> str:
    """What keeps pods from a node; "" for nothing."""
    words = [] if is_ready(node) else ["not ready"]
    words += ["cordoned"] if node["spec"].get("unschedulable") else []
    return " and ".join(words)
