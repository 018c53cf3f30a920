"""Changes of a cluster that undo themselves: taken away, changed, scaled, and waited for."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pytest_csi_snapshot.fixtures.installing.awaiting import (
    Awaited,
    crds_established,
    deployments_available,
    wait_for,
)
from pytest_csi_snapshot.kube.client import JSON_PATCH, KubeClient
from pytest_csi_snapshot.kube.kinds import CRD, DEPLOYMENT, POD, Kind

Json = dict[str, Any]

PATIENCE = 60.0  # seconds for a step of a cluster on this machine


def await_that(client: KubeClient, kind: Kind, holds: Callable[[Collection[Json]], bool], what: str) -> None:
    """Return once a collection is as it should be."""
    awaited = Awaited(what, kind, lambda items: "" if holds(items) else "not yet")
    wait_for(client, awaited, time.monotonic() + PATIENCE)


def bare(body: Json) -> Json:
    """An object as it can be created again."""
    meta = {
        key: body["metadata"][key]
        for key in ("name", "namespace", "labels", "annotations")
        if key in body["metadata"]
    }
    return {**{key: value for key, value in copy.deepcopy(body).items() if key != "status"}, "metadata": meta}


@contextmanager
def without(client: KubeClient, kind: Kind, *names: str) -> Iterator[list[Json]]:
    """Objects taken away, and made again as they were."""
    bodies = [
        {"apiVersion": kind.api_version, "kind": kind.kind, **bare(client.get(kind, None, name))} for name in names
    ]
    for name in names:
        client.delete(kind, None, name)
    await_that(client, kind, lambda items: not {_name(item) for item in items} & set(names), f"the end of {names}")
    try:
        yield bodies
    finally:
        for body in bodies:
            client.create(kind, body)


@contextmanager
def made(client: KubeClient, kind: Kind, body: Json) -> Iterator[None]:
    """An object that is there for a while."""
    client.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **body})
    try:
        yield
    finally:
        client.delete(kind, body["metadata"].get("namespace"), body["metadata"]["name"])


@contextmanager
def without_crd(
    client: KubeClient, instances: Kind, instead: Callable[[Json], Json] | None = None
) -> Iterator[None]:
    """A CRD taken away with everything of its kind, or replaced by another; then it and its objects as before."""
    name = f"{instances.plural}.{instances.api_version.partition('/')[0]}"
    kept = [] if instances.namespaced else [bare(each) for each in client.list(instances)]
    bodies: list[Json] = []
    try:
        with without(client, CRD, name) as bodies:
            if not instead:
                yield
                return
            with made(client, CRD, instead(copy.deepcopy(bodies[0]))):
                wait_for(client, crds_established(bodies), time.monotonic() + PATIENCE)
                yield
            await_that(client, CRD, lambda items: name not in map(_name, items), f"the end of {name}")
    finally:
        wait_for(client, crds_established(bodies), time.monotonic() + PATIENCE)
        for each in kept:
            client.create(instances, {"apiVersion": instances.api_version, "kind": instances.kind, **each})


@contextmanager
def changed(client: KubeClient, kind: Kind, name: str, change: Callable[[Json], None]) -> Iterator[None]:
    """An object replaced by a changed one, and changed back."""
    before = client.get(kind, None, name)
    after = copy.deepcopy(before)
    change(after)
    client.replace(kind, after)
    try:
        yield
    finally:
        version = client.get(kind, None, name)["metadata"]["resourceVersion"]
        client.replace(kind, {**before, "metadata": {**before["metadata"], "resourceVersion": version}})


@contextmanager
def annotated(client: KubeClient, kind: Kind, name: str, annotations: Mapping[str, str]) -> Iterator[None]:
    """Annotations for a while."""
    client.patch(kind, None, name, {"metadata": {"annotations": dict(annotations)}})
    try:
        yield
    finally:
        client.patch(kind, None, name, {"metadata": {"annotations": dict.fromkeys(annotations)}})


@contextmanager
def scaled_to_nothing(client: KubeClient, namespace: str, name: str) -> Iterator[None]:
    """A Deployment without pods."""
    _scale(client, namespace, name, 0)
    await_that(client, POD, lambda items: not _pods_of(items, name), f"the end of the pods of {name}")
    try:
        yield
    finally:
        _scale(client, namespace, name, 1)
        _await_available(client, namespace, name)


@contextmanager
def broken_container(client: KubeClient, namespace: str, name: str, **fields: Any) -> Iterator[None]:
    """A Deployment whose container has these fields, with which it does not come up."""
    before = client.get(DEPLOYMENT, namespace, name)["spec"]["template"]["spec"]["containers"][0]
    _scale(client, namespace, name, 0)  # no old pod goes on beside the new one
    await_that(client, POD, lambda items: not _pods_of(items, name), f"the end of the pods of {name}")
    _replace_container(client, namespace, name, {**before, **fields})
    _scale(client, namespace, name, 1)
    await_that(
        client, POD, lambda items: any(_is_down(pod) for pod in _pods_of(items, name)), f"trouble of {name}"
    )
    try:
        yield
    finally:
        _scale(client, namespace, name, 0)
        _replace_container(client, namespace, name, before)
        _scale(client, namespace, name, 1)
        _await_available(client, namespace, name)


def _scale(client: KubeClient, namespace: str, name: str, replicas: int) -> None:
    client.patch(DEPLOYMENT, namespace, name, {"spec": {"replicas": replicas}})


def _replace_container(client: KubeClient, namespace: str, name: str, container: Json) -> None:
    change = [{"op": "replace", "path": "/spec/template/spec/containers/0", "value": container}]
    client.patch(DEPLOYMENT, namespace, name, change, content_type=JSON_PATCH)


def _await_available(client: KubeClient, namespace: str, name: str) -> None:
    named = {"kind": "Deployment", "metadata": {"namespace": namespace, "name": name}}
    wait_for(client, deployments_available([named]), time.monotonic() + PATIENCE)


def _pods_of(items: Collection[Json], deployment: str) -> list[Json]:
    return [pod for pod in items if (pod["metadata"].get("labels") or {}).get("app") == deployment]


def _is_down(pod: Json) -> bool:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    reasons = {(each.get("state", {}).get("waiting") or {}).get("reason") for each in statuses}
    return bool(reasons & {"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff"})


def _name(body: Json) -> str:
    return str(body["metadata"]["name"])
