"""What a run has left in somebody's cluster: found by its label when the run is over, removed, and told.

Tests clean up after themselves; this is for the worker that died, and for the one that Ctrl-C gave no time.
Touches what bears the run's label, and what controllers made for a namespace of the run; nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tenacity

from pytest_csi_snapshot.defaults import putting_back, set_aside_by
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.kinds import (
    GROUP_CLASS,
    GROUP_CONTENT,
    GROUP_VERSIONS,
    NAMESPACE,
    PV,
    SNAPSHOT_CLASS,
    SNAPSHOT_CONTENT,
    STORAGE_CLASS,
    Kind,
)
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.labels import INVENTED_DRIVER, NUDGE, RUN, Mark, referred
from pytest_csi_snapshot.ledger import CONTENTS

Json = dict[str, Any]

KINDS = (
    NAMESPACE,
    *(GROUP_CONTENT.at(version) for version in GROUP_VERSIONS),
    SNAPSHOT_CONTENT,
    PV,
    *(GROUP_CLASS.at(version) for version in GROUP_VERSIONS),
    SNAPSHOT_CLASS,
    STORAGE_CLASS,
)
"""All that outlives a namespace, and namespaces themselves, in the order of their removal."""

PATIENCE = 60.0
"""Seconds for what is on its way out already: namespaces with snapshots take 5 to 13 s (DEL-017)."""


def selector(run: str) -> str:
    """The label selector of everything that a run made."""
    return f"{RUN}={run}"


def left_behind(client: KubeClient, run: str) -> list[tuple[Kind, Json]]:
    """The objects of a run that are still there. Raises ApiError and ApiUnreachableError."""
    found: dict[str, tuple[Kind, Json]] = {}  # once, by its uid, what is served in several versions
    for kind in KINDS:
        for body in _of_run(client, kind, run):
            found.setdefault(body["metadata"]["uid"], (kind, body))
    return list(found.values())


def remove(client: KubeClient, run: str, *, within: float = PATIENCE) -> list[str]:
    """Remove what a run left behind; what is still there in the end, in words. Raises as ``left_behind``."""
    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=tenacity.wait_fixed(0.5),  # several kinds at once, for a moment: not worth five watches
        stop=tenacity.stop_after_delay(within),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )

    def once() -> list[str]:
        left = left_behind(client, run)
        for kind, body in left:
            _let_go(client, kind, body)
        return [_told(kind, body) for kind, body in left]

    told: list[str] = patiently(once)
    return told


def put_back_defaults(client: KubeClient, run: str) -> list[str]:
    """Make the classes defaults again that a run has set aside; their names. Raises as ``left_behind``."""
    try:
        found = [body for body in client.list(SNAPSHOT_CLASS) if set_aside_by(body) == run]
    except ApiError as error:
        if error.not_found:  # a cluster without snapshots
            return []
        raise
    names = [str(body["metadata"]["name"]) for body in found]
    for name, body in zip(names, found, strict=True):
        client.patch(SNAPSHOT_CLASS, None, name, {"metadata": {"annotations": putting_back(body)}})
    return names


def _of_run(client: KubeClient, kind: Kind, run: str) -> Iterator[Json]:
    try:
        if kind not in (*CONTENTS, PV):
            yield from client.list(kind, labelSelector=selector(run))
            return
        mark = Mark(run, "")
        for body in client.list(kind):
            if mark.made_by_us(body) or _home(body).startswith(mark.run_prefix):
                yield body
    except ApiError as error:
        if not error.not_found:  # a kind that the cluster does not serve
            raise


def _home(body: Json) -> str:
    return str(referred(body).get("namespace", ""))


def _let_go(client: KubeClient, kind: Kind, body: Json) -> None:
    """Ask for the end of one object; harmless where it was asked for before."""
    meta = body["metadata"]
    try:
        if kind in CONTENTS:
            client.patch(kind, None, meta["name"], _freeing(kind, body))
        goes_by_itself = kind == PV and RUN not in (meta.get("labels") or {})  # with its claim
        if not goes_by_itself and "deletionTimestamp" not in meta:
            client.delete(kind, None, meta["name"], uid=meta["uid"])
    except ApiError as error:
        if not (error.not_found or error.conflict):
            raise


def _freeing(kind: Kind, content: Json) -> Json:
    """What lets a content go: for a driver that does not exist nobody but us will (DEL-018)."""
    if content["spec"]["driver"].startswith(INVENTED_DRIVER):
        return {"metadata": {"finalizers": None}}
    change: Json = {"metadata": {"annotations": {CONTENTS[kind]: "yes", NUDGE: "leftover"}}}
    if content["spec"]["source"].keys() & {
        "volumeHandle",
        "volumeHandles",
    }:  # an imported snapshot may belong to somebody else
        change["spec"] = {"deletionPolicy": "Delete"}
    return change


def _told(kind: Kind, body: Json) -> str:
    held = body["metadata"].get("finalizers") or []
    state = " (terminating)" if "deletionTimestamp" in body["metadata"] else ""
    return f"{kind} {body['metadata']['name']}{state}" + (f" held by {', '.join(held)}" if held and state else "")
