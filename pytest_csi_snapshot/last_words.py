"""The last words of controllers: what their logs say about an object that did not become what was awaited.

Only lines that name the object, the newest last; only where the cluster's RBAC lets us read them, which is said
where it does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import ceil
from typing import Any

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.inventory import Component
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import POD
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.kube.repeating import lost, repeating

Json = dict[str, Any]

_SPEAKERS = {
    "VolumeSnapshot": (inventory.SNAPSHOT_CONTROLLER, inventory.SNAPSHOTTER),
    "VolumeSnapshotContent": (inventory.SNAPSHOT_CONTROLLER, inventory.SNAPSHOTTER),
    "VolumeGroupSnapshot": (inventory.SNAPSHOT_CONTROLLER, inventory.SNAPSHOTTER),
    "VolumeGroupSnapshotContent": (inventory.SNAPSHOT_CONTROLLER, inventory.SNAPSHOTTER),
    "PersistentVolumeClaim": (inventory.PROVISIONER, inventory.RESIZER),
    "PersistentVolume": (inventory.PROVISIONER, inventory.RESIZER, inventory.ATTACHER),
}
"""Kind -> who acts on objects of it; pods and namespaces are nobody's of these."""

NOW = "9999"
"""Later than all times that Kubernetes has written."""

_READ, _TOLD = 1000, 3
"""Lines that are read of each log, and told of it."""

END = 200
"""Lines of each log that are its end."""


def last_words(client: KubeClient, driver: str, kind: str, names: Sequence[str]) -> list[str]:
    """One line each, with its speaker; ``names`` are what logs may call the object: its name, its uid."""
    speakers = _SPEAKERS.get(kind, ())
    if not speakers:
        return []
    try:
        pods = client.list(POD, keep=inventory.concerned)
    except (ApiError, ApiUnreachableError) as error:
        return [f"controllers' logs: pods cannot be listed: {_brief(error)}"]
    found = _speaking(pods, driver, speakers)
    lines = [f"{program}: no pod of it was found" for program in speakers
             if not any(component.program == program for component, _ in found)]  # fmt: skip
    for component, container in found:
        lines += _words_of(client, component, container, names)
    return lines


def turn_since(client: KubeClient, driver: str, kind: str, since: str) -> str:
    """A controller that ended or began in the second ``since`` (as Kubernetes writes times) or later, in words.

    "" where none did.
    """
    try:
        pods = repeating(lost)(lambda: client.list(POD, keep=inventory.concerned))
    except (ApiError, ApiUnreachableError):
        return ""  # who may not list pods hears of no turn, and goes by what was promised
    for pod in pods:
        containers = {each["name"]: each for each in status_of(pod).get("containerStatuses") or []}
        for component, container in _speaking([pod], driver, _SPEAKERS.get(kind, ())):
            if turn := next((told for at, told in _turns(containers.get(container, {})) if at >= since), ""):
                return f"{component.program} {turn}"
    return ""


def _turns(container: Json) -> Iterator[tuple[str, str]]:
    """When a container ended and began, as far as its status tells; one that waits to begin will."""
    for state in (container.get("state") or {}, container.get("lastState") or {}):
        ended, began = (
            (state.get("terminated") or {}).get("finishedAt"),
            (state.get("running") or {}).get("startedAt"),
        )
        if ended:
            yield ended, f"ended at {ended}"
        if began:
            yield began, f"began at {began}"
    if waits := (container.get("state") or {}).get("waiting"):
        yield NOW, f"does not run: {waits.get('reason', 'waiting')}"


def ends_of_logs(client: KubeClient, driver: str, seconds: float) -> list[tuple[str, list[str]]]:
    """What the controllers and the driver have written in the last ``seconds``: component, lines.

    The driver's pods are those that share a directory of its name with their node. Those that wrote nothing are
    left out; a log that cannot be read is told by one line that says so.
    """
    try:
        pods = client.list(POD, keep=lambda pod: inventory.concerned(pod) or inventory.serves(pod, driver))
    except (ApiError, ApiUnreachableError) as error:
        return [("controllers", [f"pods cannot be listed: {_brief(error)}"])]
    ends = []
    for pod in pods:
        programs = {container: component.program for component, container in _containers([pod])}
        if inventory.SNAPSHOT_CONTROLLER in programs.values() or inventory.serves(pod, driver):
            namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
            for container in (each["name"] for each in pod["spec"]["containers"]):
                who = f"{programs.get(container, container)} ({namespace}/{name})"
                lines = _end_of(client, namespace, name, container, seconds)
                ends += [(who, lines)] if lines else []
    return ends


def _end_of(client: KubeClient, namespace: str, pod: str, container: str, seconds: float) -> list[str]:
    query = {"container": container, "tailLines": END, "sinceSeconds": ceil(seconds) + 1}
    try:
        answer = client.request("GET", f"{POD.path(namespace, pod)}/log", query=query, timeout=10.0)
    except (ApiError, ApiUnreachableError) as error:
        return [f"this log cannot be read: {_brief(error)}"]
    return str(answer.get("text") or "").splitlines()


def _speaking(pods: Sequence[Json], driver: str, programs: Collection[str]) -> list[tuple[Component, str]]:
    """Those of these programs that act for a driver, with their containers; snapshot-controllers do for each."""
    found = [each for each in _containers(pods) if each[0].program in programs]
    ours = inventory.of_driver([component for component, _ in found], driver)
    return [each for each in found if each[0].program == inventory.SNAPSHOT_CONTROLLER or each[0] in ours]


def _containers(pods: Sequence[Json]) -> Iterator[tuple[Component, str]]:
    """Every component with the name of its container."""
    for pod in pods:
        for container in pod["spec"].get("containers") or []:
            alone = {**pod, "spec": {**pod["spec"], "containers": [container]}}
            yield from ((component, container["name"]) for component in inventory.components([alone]))


def _words_of(client: KubeClient, component: Component, container: str, names: Sequence[str]) -> list[str]:
    who = f"{component.program} ({component.namespace}/{component.pod})"
    path = f"{POD.path(component.namespace, component.pod)}/log"
    try:
        answer = client.request("GET", path, query={"container": container, "tailLines": _READ}, timeout=10.0)
    except (ApiError, ApiUnreachableError) as error:
        return [f"{who}: its log cannot be read: {_brief(error)}"]
    said = [line for line in str(answer.get("text") or "").splitlines() if any(name in line for name in names)]
    return [f"{component.program}: {line}" for line in said[-_TOLD:]] or [f"{who}: its log does not mention it"]


def _brief(error: ApiError | ApiUnreachableError) -> str:
    return f"{error.status} {error.reason}" if isinstance(error, ApiError) else "no answer"
