"""What a run has left in somebody's cluster: found by its label when the run is over, removed, and told.

Tests clean up after themselves; this is for the worker that died, for the one that Ctrl-C gave no time, and for
the run that was killed. Touches what bears the run's label, and what controllers made for a namespace of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tenacity

from pytest_csi_snapshot.defaults import set_aside_by
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
from pytest_csi_snapshot.labels import DOMAIN, INVENTED_DRIVER, MANAGED_BY, NUDGE, RUN
from pytest_csi_snapshot.leave import LeaveClient
from pytest_csi_snapshot.ledger import CONTENTS
from pytest_csi_snapshot.owning import OwnedClient
from pytest_csi_snapshot.patience import Patience

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
"""Seconds without progress, for what is on its way out: namespaces with snapshots take 5 to 13 s (DEL-017)."""

PAUSE = 0.5
"""Seconds between two looks at that: several kinds at once, for a moment, are not worth five watches."""


def selector(run: str) -> str:
    """The label selector of everything that a run made."""
    return f"{RUN}={run}"


def left_behind(api: OwnedClient) -> list[tuple[Kind, Json]]:
    """The objects of a run that are still there. Raises ApiError and ApiUnreachableError."""
    found: dict[str, tuple[Kind, Json]] = {}  # once, by its uid, what is served in several versions
    for kind in KINDS:
        for body in _of_run(api, kind):
            found.setdefault(body["metadata"]["uid"], (kind, body))
    return list(found.values())


def leaving(found: list[tuple[Kind, Json]]) -> bool:
    """Whether the end of all that was found has been asked for, or comes by itself with something else's."""
    return all("deletionTimestamp" in body["metadata"] or _goes_along(kind, body) for kind, body in found)


def remove(api: OwnedClient, *, but: str = "", within: float = PATIENCE) -> list[str]:
    """Remove what a run left behind, but for one namespace; what is still there in the end, in words.

    ``within`` are seconds in which nothing goes: a thousand contents may take longer than that. Raises as
    ``left_behind``.
    """
    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=tenacity.wait_fixed(PAUSE),
        stop=_Stalled(within),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )

    left: list[tuple[Kind, Json]] = []

    def once() -> list[str]:
        nonlocal left
        # All is looked through again only when what was found is gone: somebody's cluster may be large.
        found = _still_there(api, left) or left_behind(api)
        left = [(kind, body) for kind, body in found if not but or body["metadata"]["name"] != but]
        for kind, body in left:
            _let_go(api, kind, body)
        return [told(kind, body) for kind, body in left]

    stays: list[str] = patiently(once)
    return stays


class _Stalled:
    """Says stop when the number of what is left has not fallen for so many seconds."""

    def __init__(self, within: float) -> None:
        self._patience = Patience(within, now=0.0)
        self._fewest: float = float("inf")

    def __call__(self, state: tenacity.RetryCallState) -> bool:
        left = len(state.outcome.result()) if state.outcome else 0
        now = state.seconds_since_start or 0.0
        if left < self._fewest:
            self._fewest = left
            self._patience.moved(now)
        return not self._patience.left(now)


def set_aside(api: OwnedClient) -> list[Json]:
    """The default classes that a run has set aside and not put back. Raises as ``left_behind``."""
    return [body for body in _served(api, SNAPSHOT_CLASS) if set_aside_by(body) == api.mark.run]


def put_back_defaults(api: LeaveClient) -> list[str]:
    """Make the classes defaults again that a run has set aside; their names. Raises as ``left_behind``."""
    found = set_aside(api)
    for body in found:
        api.put_back(body)
    return [str(body["metadata"]["name"]) for body in found]


def runs_with_traces(client: KubeClient) -> dict[str, str]:
    """The runs of which there is something in the cluster, each with the time of its oldest trace, "" if unknown.

    Raises as ``left_behind``.
    """
    found: dict[str, str] = {}
    for kind in KINDS:
        for body in _served(client, kind, labelSelector=f"{MANAGED_BY}={DOMAIN}"):
            if run := _labels(body).get(RUN):
                made = body["metadata"].get("creationTimestamp", "")
                found[run] = min(found.get(run) or made, made)
    for body in _served(client, SNAPSHOT_CLASS, keep=lambda body: bool(set_aside_by(body))):
        found.setdefault(set_aside_by(body), "")
    return found


def told(kind: Kind, body: Json) -> str:
    """An object in words, with what holds it where it is on its way out."""
    held = body["metadata"].get("finalizers") or []
    state = " (terminating)" if "deletionTimestamp" in body["metadata"] else ""
    return f"{kind} {body['metadata']['name']}{state}" + (f" held by {', '.join(held)}" if held and state else "")


def _still_there(api: OwnedClient, found: list[tuple[Kind, Json]]) -> list[tuple[Kind, Json]]:
    """What there still is of what was found, as it is now."""
    now = [(kind, body, api.find(kind, None, body["metadata"]["name"])) for kind, body in found]
    return [(kind, new) for kind, old, new in now if new and new["metadata"]["uid"] == old["metadata"]["uid"]]


def _of_run(api: OwnedClient, kind: Kind) -> Iterator[Json]:
    if kind not in (*CONTENTS, PV):
        yield from _served(api, kind, labelSelector=selector(api.mark.run))
    else:
        yield from _served(api, kind, keep=api.mark.ours)


def _served(client: OwnedClient | KubeClient, kind: Kind, **query: Any) -> list[Json]:
    """All objects of a kind; none where the cluster does not serve it."""
    try:
        return client.list(kind, **query)
    except ApiError as error:
        if error.not_found:
            return []
        raise


def _let_go(api: OwnedClient, kind: Kind, body: Json) -> None:
    """Ask for the end of one object; harmless where it was asked for before."""
    meta = body["metadata"]
    try:
        if kind in CONTENTS:
            api.patch(kind, None, meta["name"], _freeing(kind, body))
        if "deletionTimestamp" not in meta and not (kind == PV and _goes_along(kind, body)):
            api.delete(kind, None, meta["name"], uid=meta["uid"])
    except ApiError as error:
        if not (error.not_found or error.conflict):
            raise


def _goes_along(kind: Kind, body: Json) -> bool:
    """Whether a controller made it and removes it too: a PV with its claim, a content with its snapshot."""
    if RUN in _labels(body) or kind not in (*CONTENTS, PV):
        return False
    spec = body["spec"]
    return kind == PV or (spec["deletionPolicy"] == "Delete" and not spec["driver"].startswith(INVENTED_DRIVER))


def _labels(body: Json) -> Json:
    return body["metadata"].get("labels") or {}


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
