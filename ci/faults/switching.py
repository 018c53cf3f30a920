"""Switches faults on and off in a running cluster, by restarting the roles that have them.

Those that are policies of the API server come last and go first, so that no role is restarted under them.

What is applied are the objects that a new cluster with these faults would have; only what differs is touched.
Companions that are up are switched with the rest; those that come up later read it in the cluster's file.
"""

from __future__ import annotations

import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import tenacity

from pytest_csi_snapshot.fixtures.existing import connect
from pytest_csi_snapshot.fixtures.faults import arguments_for, broken_crds, policies_of
from pytest_csi_snapshot.fixtures.installing import awaiting, manifests
from pytest_csi_snapshot.fixtures.installing.applying import Applier
from pytest_csi_snapshot.fixtures.installing.policies import Policies
from pytest_csi_snapshot.fixtures.programs import crds
from pytest_csi_snapshot.kube import kinds

Json = dict[str, Any]

_CRD = "CustomResourceDefinition"
_WORKLOADS = ("Deployment", "DaemonSet")

SECONDS = 40.0
"""In which a role is back. One that is not is trouble of the fault, or of the cluster."""


LEADER_SECONDS = 20.0
"""In which somebody leads: a lease that was not given up is free after 15 s."""


class Switchboard(ABC):
    """The faults of one cluster. ``about`` is what its provider tells of it, with the faults that are on."""

    def __init__(self, about: Json) -> None:
        self._client = connect(about["cluster"]["kubeconfig"], about["cluster"]["context"])
        self._crds = manifests.load_crds(crds.snapshot_crds(about["assets"]))

    @property
    def on(self) -> tuple[str, ...]:
        """The faults that are on."""
        return tuple(self._about()["faults"])

    @abstractmethod
    def _about(self) -> Json:
        """What is told of the cluster now."""

    @abstractmethod
    def _note(self, faults: tuple[str, ...]) -> None:
        """Tell from now on that these faults are on."""

    @abstractmethod
    def _values(self) -> Mapping[str, str]:
        """What the manifests' placeholders stand for there."""

    @abstractmethod
    def _companions(self) -> list[Json]:
        """The objects of the driver's companions that are up."""

    @abstractmethod
    def _sockets(self) -> Sequence[Path]:
        """Where drivers listen."""

    def turn_to(self, faults: tuple[str, ...]) -> None:
        """Have exactly these faults on; returns when the roles that changed work.

        Raises NotInTimeError where one does not, ApiError and ApiUnreachableError.
        """
        former, before = self.on, self._objects()
        self._note(faults)
        differing = [new for old, new in zip(before, self._objects(), strict=True) if old != new]
        deadline = time.monotonic() + SECONDS
        policies = policies_of(faults)
        if broken := policies_of(former):
            kept = [body for body in broken if body in policies]
            Policies(self._client).turn_to(kept, deadline)
        if definitions := [body for body in differing if body["kind"] == _CRD]:
            self._renew(definitions, deadline)
        changed = [body for body in differing if body["kind"] != _CRD]
        Applier(self._client).apply(changed)
        for body in changed:
            pods = awaiting.Awaited(f"pods of {_name(body)}", kinds.POD, partial(stale, body))
            awaiting.wait_for(self._client, pods, deadline)
        for body in changed:
            if "--leader-election" in _words(body):
                self._await_leader(body, faulty=bool(faults))
        if any(body["kind"] == "DaemonSet" for body in changed):
            self._await_sockets(deadline)
        if policies:
            Policies(self._client).turn_to(policies, deadline)

    def _objects(self) -> list[Json]:
        """The CRDs and the workloads, those of each companion that is up too, with the faults that are on."""
        faults = self.on
        objects = manifests.load(manifests.packaged(), self._values(), lambda role: arguments_for(role, faults))
        objects += self._companions()
        return broken_crds(self._crds, faults) + [body for body in objects if body["kind"] in _WORKLOADS]

    def _renew(self, bodies: list[Json], deadline: float) -> None:
        """Apply CRDs, and wait until the server has new schemas of all their groups.

        A CRD does not say which of its versions is served; what the server publishes of the group does.
        """
        groups = {str(body["spec"]["group"]) for body in bodies}
        before = self._published()
        Applier(self._client).apply(bodies)
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_result(
                lambda now: any(now.get(group) == before.get(group) for group in groups)
            ),
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(max(0.0, deadline - time.monotonic())),
            retry_error_callback=_not_served,
        )
        tries(self._published)

    def _published(self) -> dict[str, set[str]]:
        """API group -> addresses of its schemas, which have their hash in them."""
        paths = self._client.request("GET", "/openapi/v3")["paths"]
        found: dict[str, set[str]] = {}
        for path, told in paths.items():
            if path.startswith("apis/"):
                found.setdefault(path.split("/")[1], set()).add(told["serverRelativeURL"])
        return found

    def _await_leader(self, body: Json, *, faulty: bool) -> None:
        """One of its pods holds a lease: until then a clean role does nothing, a faulty one may never hold it."""
        labels, home = body["spec"]["selector"]["matchLabels"], body["metadata"]["namespace"]
        pods = [pod for pod in self._client.list(kinds.POD, home) if _bears(pod, labels)]
        names = {_name(pod) for pod in pods if "deletionTimestamp" not in pod["metadata"]}

        def missing(items: Collection[Json]) -> str:
            holders = {(item.get("spec") or {}).get("holderIdentity") for item in items}
            return "" if names & holders else f"none of {', '.join(sorted(names))} holds a lease"

        held = awaiting.Awaited(f"leader of {_name(body)}", kinds.LEASE, missing)
        try:
            awaiting.wait_for(self._client, held, time.monotonic() + LEADER_SECONDS)
        except awaiting.NotInTimeError:
            if not faulty:
                raise

    def _await_sockets(self, deadline: float) -> None:
        """Each node's socket of each driver answers: pods are ready before they listen."""
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(OSError),
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(max(0.0, deadline - time.monotonic())),
            reraise=True,
        )
        for path in self._sockets():
            tries(_connect, path)


def stale(body: Json, pods: Iterable[Json]) -> str:
    """What is missing until a workload has only pods of its present template, all ready; "" for nothing."""
    labels, home = body["spec"]["selector"]["matchLabels"], body["metadata"]["namespace"]
    ours = [pod for pod in pods if pod["metadata"]["namespace"] == home and _bears(pod, labels)]
    old = [_name(pod) for pod in ours if _arguments(pod["spec"]) != _arguments(body["spec"]["template"]["spec"])]
    unready = [_name(pod) for pod in ours if not _ready(pod)]
    if not ours:
        return "no pod"
    if old or unready:
        return f"of the former template: {', '.join(old) or 'none'}; not ready: {', '.join(unready) or 'none'}"
    return ""


def _not_served(_state: object) -> None:
    raise awaiting.NotInTimeError("schemas of the changed CRDs: the server still has those of before")


def _connect(path: Path) -> None:
    """Raises OSError. Reached from its folder: the whole path is longer than the address of a socket may be."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _arguments(spec: Json) -> list[list[str]]:
    return [[*(each.get("command") or []), *(each.get("args") or [])] for each in spec["containers"]]


def _words(body: Json) -> list[str]:
    return [word for words in _arguments(body["spec"]["template"]["spec"]) for word in words]


def _bears(pod: Json, labels: Json) -> bool:
    return labels.items() <= (pod["metadata"].get("labels") or {}).items()


def _name(body: Json) -> str:
    return str(body["metadata"]["name"])
