"""The only way by which a run writes to the cluster: it labels what it makes and touches nothing else.

An object is ours if it carries this run's label, or if a controller made it for an object of ours (the content of
our snapshot, the volume of our claim). Anything else is refused before a request is sent. The exceptions are the
verbs of ``leave.LeaveClient``, each for one thing that the user has to allow.

What is to be made is noted before the request. Writes that the network or a busy server lost are repeated here,
and only here, so that each takes effect once:

=======================  =====================  ==========================================================
write                    after a lost attempt   that attempt was served where
=======================  =====================  ==========================================================
create                   AlreadyExists          the object is ours, and no creation of it was answered
patch, replace           Conflict               the object is as it was to become
patch that appends       before the next one    what it appends is there
delete                   NotFound, Conflict     always: the object of that uid is gone
=======================  =====================  ==========================================================
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from pytest_csi_snapshot.allowances import CLUSTER_STATE, NONE
from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import JSON_PATCH, MERGE_PATCH, Keep, KubeClient
from pytest_csi_snapshot.kube.kinds import LEASE, NAMESPACE, SECRET, Kind
from pytest_csi_snapshot.kube.pacing import Pace
from pytest_csi_snapshot.kube.repeating import bears, lost, repeating, written
from pytest_csi_snapshot.kube.reviews import answer
from pytest_csi_snapshot.labels import COMMON_NAMESPACE, DOMAIN, MANAGED_BY, Mark
from pytest_csi_snapshot.redacting import REDACTOR

Json = dict[str, Any]
T = TypeVar("T")

_MAKES_DEFAULT = "/is-default-class"
"""How the annotation ends that makes a class, of whatever kind, a default of the whole cluster."""
_OF_SERVER = ("resourceVersion", "generation", "managedFields")
"""Metadata that every write changes, whatever it wanted."""


class NotOursError(Exception):
    """A test was about to change what this run did not make, or may not change: an error of the test."""


class Notebook(Protocol):
    """Where it is written what is to be made, before it is; see ``ledger_file``."""

    def note(self, verb: str, kind: Kind, namespace: str, name: str) -> None: ...


class OwnedClient:
    """Verbs of the API on our own objects; every write is noted in the history as our own.

    ``allowed`` are the allowances of the run, see ``allowances``.
    """

    def __init__(
        self,
        client: KubeClient,
        history: History,
        mark: Mark,
        *,
        allowed: frozenset[str] = NONE,
        notebook: Notebook | None = None,
    ) -> None:
        self._client = client
        self._history = history
        self._notebook = notebook
        self._homes: set[str] = set()
        """Namespaces that were made here, whatever their names."""
        self.mark = mark
        self.allowed = allowed

    def keep_pace(self, pace: Pace | None) -> None:
        """From now on send requests at this pace; None: as they come."""
        self._client.pace = pace

    # -- reading: anything

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        """Read one object, whoever made it."""
        return _told(kind, repeating(lost)(self._client.get, kind, namespace, name))

    def find(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """Read one object, or None."""
        found = repeating(lost)(self._client.find, kind, namespace, name)
        return _told(kind, found) if found else None

    def list(self, kind: Kind, namespace: str | None = None, *, keep: Keep = bool, **query: Any) -> list[Json]:
        """All objects of a collection; those that ``keep`` and the selectors of the query want."""
        found = repeating(lost)(lambda: self._client.list(kind, namespace, keep=keep, **query))
        return [_told(kind, body) for body in found]

    def ask(self, review: Kind, spec: Json) -> Json:
        """The status of a review: an answer of the authorizer, which stores nothing and must not have labels."""
        if not review.api_version.startswith("authorization.k8s.io/"):
            raise NotOursError(f"{review} is no review")
        return answer(self._client, review, spec)

    # -- writing: ours only

    def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        """Create an object with this run's labels, in a namespace of this run."""
        body = copy.deepcopy(body)
        meta = body.setdefault("metadata", {})
        common = _common(kind, meta.get("namespace"), meta.get("name", ""))
        if kind.namespaced and not (common or self._at_home(meta.get("namespace", ""))):
            raise NotOursError(f"{kind} would be made in {meta.get('namespace')}, no namespace of this run")
        self._check_leave(kind, body)
        labels = {MANAGED_BY: DOMAIN} if common else self.mark.labels
        meta["labels"] = {**meta.get("labels", {}), **labels}
        body = _told(kind, {"apiVersion": kind.api_version, "kind": kind.kind, **body})
        if not (dry_run or common):  # what all runs share outlives this one
            self._note("create", kind, meta.get("namespace"), meta.get("name", ""))
        made = written(
            lambda: self._client.create(kind, body, dry_run=dry_run),
            lambda: None if dry_run else self._lost_creation(kind, body),
        )
        if not dry_run:
            self._history.wrote(made)
            if kind == NAMESPACE:
                self._homes.add(made["metadata"]["name"])
        return made

    def _lost_creation(self, kind: Kind, body: Json) -> Json | None:
        """What a creation whose answer was lost has made; None where the name was taken before."""
        meta = body["metadata"]
        present = self.find(kind, meta.get("namespace"), meta["name"])
        if present is None:
            return None
        if _common(kind, meta.get("namespace"), meta["name"]):  # a Lease says who has made it, and when
            return present if "spec" in body and bears(present, {"spec": body["spec"]}) else None
        answered = bool(self._history.own_writes(present["metadata"]["uid"]))
        return present if self.mark.made_by_us(present) and not answered else None

    def replace(self, kind: Kind, body: Json, *, subresource: str | None = None, dry_run: bool = False) -> Json:
        """Replace an object of ours."""
        meta = body["metadata"]
        self._claim(kind, meta.get("namespace"), meta["name"])
        self._check_leave(kind, body)

        def send() -> Json:
            return self._client.replace(kind, body, subresource=subresource, dry_run=dry_run)

        where = kind, meta.get("namespace"), meta["name"]
        return self._write(send, lambda: self._landed(*where, body), dry_run=dry_run)

    def patch(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        body: Any,
        *,
        subresource: str | None = None,
        content_type: str = MERGE_PATCH,
        dry_run: bool = False,
    ) -> Json:
        """Change a part of an object of ours."""
        self._claim(kind, namespace, name)
        self._check_leave(kind, body)

        def send() -> Json:
            return self._client.patch(
                kind, namespace, name, body, subresource=subresource, content_type=content_type, dry_run=dry_run
            )

        appends = content_type == JSON_PATCH
        return self._write(
            send, lambda: self._landed(kind, namespace, name, body), twice=not appends, dry_run=dry_run
        )

    def delete(
        self, kind: Kind, namespace: str | None, name: str, *, uid: str | None = None, grace: int | None = None
    ) -> None:
        """Ask for the deletion of an object of ours; one that is gone already is no error."""
        if body := self._claim(kind, namespace, name):
            meant = uid or body["metadata"]["uid"]  # never another one, made meanwhile under the same name
            self._end(kind, namespace, name, uid=meant, grace=grace)

    # -- what keeps it to that

    def _write(
        self, send: Callable[[], Json], landed: Callable[[], Json | None], *, dry_run: bool, twice: bool = True
    ) -> Json:
        answer = written(send, landed, twice=twice)
        if not dry_run:
            self._history.wrote(answer)
        return answer

    def _landed(self, kind: Kind, namespace: str | None, name: str, body: Any) -> Json | None:
        """The object where it is as a change wanted it, so that it was served; None where it is not."""
        present = self.find(kind, namespace, name)
        return present if present is not None and _changed_so(present, body) else None

    def _end(self, kind: Kind, namespace: str | None, name: str, *, uid: str, grace: int | None = None) -> None:
        def send() -> Json:
            self._client.delete(kind, namespace, name, uid=uid, grace=grace)
            return {}

        written(send, dict)

    def _claim(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """The object, which is ours; None where there is none. Raises NotOursError."""
        known = self._history.named(kind, namespace, name)
        body = known.object if known and not known.deleted else self.find(kind, namespace, name)
        if body is None:
            return None
        if not (self.mark.ours(body) or (_common(kind, namespace, name) and _managed(body))):
            raise NotOursError(f"{kind} {namespace + '/' if namespace else ''}{name} was not made by this run")
        return body

    def _at_home(self, namespace: str) -> bool:
        return self.mark.at_home(namespace) or namespace in self._homes

    def _check_leave(self, kind: Kind, body: Any) -> None:
        """A class of ours that becomes a default changes what snapshots and claims of others get."""
        if CLUSTER_STATE not in self.allowed and _makes_default(body):
            raise NotOursError(f"{kind} would become a default class: needs --csi-allow={CLUSTER_STATE}")

    def _note(self, verb: str, kind: Kind, namespace: str | None, name: str) -> None:
        if self._notebook:
            self._notebook.note(verb, kind, namespace or "", name)


def _told(kind: Kind, body: Json) -> Json:
    """The object; what in it must not be shown is known from now on."""
    if kind == SECRET:
        REDACTOR.hide_data(body)
    REDACTOR.learn_names(body)
    return body


def _common(kind: Kind, namespace: str | None, name: str) -> bool:
    """It is one of the things that all runs share."""
    return (kind == NAMESPACE and name == COMMON_NAMESPACE) or (kind == LEASE and namespace == COMMON_NAMESPACE)


def _managed(body: Json) -> bool:
    return (body["metadata"].get("labels") or {}).get(MANAGED_BY) == DOMAIN


def _changed_so(present: Json, body: Any) -> bool:
    """Whether an object is as a patch or a replacement wanted it: of a JSON patch, what it appends."""
    if isinstance(body, dict):
        meta = {key: value for key, value in (body.get("metadata") or {}).items() if key not in _OF_SERVER}
        return bears(present, {**body, "metadata": meta})
    return all(step["op"] == "add" and step["value"] in (_at(present, step["path"]) or []) for step in body)


def _at(present: Any, path: str) -> Any:
    """The list that a JSON pointer ending in "/-" points to the end of; None where there is none."""
    for word in path.removesuffix("/-").strip("/").split("/"):
        present = present.get(word.replace("~1", "/").replace("~0", "~")) if isinstance(present, dict) else None
    return present if isinstance(present, list) else None


def _makes_default(body: Any) -> bool:
    if not isinstance(body, dict):  # a JSON patch: classes are never changed by one
        return False
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    return any(key.endswith(_MAKES_DEFAULT) and value not in (None, "false") for key, value in annotations.items())
