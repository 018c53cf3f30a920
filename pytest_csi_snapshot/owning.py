"""The only way by which tests write to the cluster: it labels what it makes and touches nothing else.

But for one annotation of the cluster's default classes, which is put back: see ``defaults``.

An object is ours if it carries this run's label, or if a controller made it for an object of ours (the
content of our snapshot, the volume of our claim). Anything else is refused before a request is sent.

Requests that the network or a busy server lost are repeated here, and only here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import tenacity

from pytest_csi_snapshot.history import History
from pytest_csi_snapshot.kube.client import MERGE_PATCH, KubeClient
from pytest_csi_snapshot.kube.kinds import Kind
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.labels import Mark

Json = dict[str, Any]
T = TypeVar("T")

_BUSY = frozenset({429, 500, 502, 503, 504})


class NotOursError(Exception):
    """A test was about to change an object that this run did not make: an error of the test."""


def _lost(error: BaseException) -> bool:
    return isinstance(error, ApiUnreachableError) or (isinstance(error, ApiError) and error.status in _BUSY)


def _refused_unread(error: BaseException) -> bool:
    return isinstance(error, ApiError) and error.status == 429


def _repeating(worth: Callable[[BaseException], bool]) -> tenacity.Retrying:
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(worth),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=3),
        stop=tenacity.stop_after_delay(30),
        reraise=True,
    )


class OwnedClient:
    """Verbs of the API on our own objects; every write is noted in the history as our own."""

    def __init__(self, client: KubeClient, history: History, mark: Mark) -> None:
        self._client = client
        self._history = history
        self.mark = mark

    # -- reading: anything

    def get(self, kind: Kind, namespace: str | None, name: str) -> Json:
        """Read one object, whoever made it."""
        return _repeating(_lost)(self._client.get, kind, namespace, name)

    def find(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """Read one object, or None."""
        return _repeating(_lost)(self._client.find, kind, namespace, name)

    def list(self, kind: Kind, namespace: str | None = None, **query: Any) -> list[Json]:
        """All objects of a collection."""
        return _repeating(_lost)(lambda: self._client.list(kind, namespace, **query))

    # -- writing: ours only

    def create(self, kind: Kind, body: Json, *, dry_run: bool = False) -> Json:
        """Create an object with this run's labels."""
        body = copy.deepcopy(body)
        meta = body.setdefault("metadata", {})
        meta["labels"] = {**meta.get("labels", {}), **self.mark.labels}
        body = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
        try:
            made = _repeating(_refused_unread)(lambda: self._client.create(kind, body, dry_run=dry_run))
        except ApiUnreachableError:
            made = self._create_again(kind, body, dry_run=dry_run)
        if not dry_run:
            self._history.wrote(made)
        return made

    def _create_again(self, kind: Kind, body: Json, *, dry_run: bool) -> Json:
        """Repeat a lost creation. Names are random: what bears this name and our labels is what was lost."""
        meta = body["metadata"]
        try:
            return _repeating(_lost)(lambda: self._client.create(kind, body, dry_run=dry_run))
        except ApiError as error:
            present = self.find(kind, meta.get("namespace"), meta["name"]) if error.conflict else None
            if present is None or not self.mark.made_by_us(present):
                raise
            return present

    def replace(self, kind: Kind, body: Json, *, subresource: str | None = None, dry_run: bool = False) -> Json:
        """Replace an object of ours."""
        meta = body["metadata"]
        self._claim(kind, meta.get("namespace"), meta["name"])
        return self._write(
            lambda: self._client.replace(kind, body, subresource=subresource, dry_run=dry_run), dry_run=dry_run
        )

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

        def send() -> Json:
            return self._client.patch(
                kind, namespace, name, body, subresource=subresource, content_type=content_type, dry_run=dry_run
            )

        return self._write(send, dry_run=dry_run)

    def annotate_foreign(self, kind: Kind, name: str, annotations: Mapping[str, str | None]) -> Json:
        """Change annotations of a cluster-wide object, whoever made it; the caller puts them back."""
        change = {"metadata": {"annotations": dict(annotations)}}
        return self._write(lambda: self._client.patch(kind, None, name, change), dry_run=False)

    def delete(
        self, kind: Kind, namespace: str | None, name: str, *, uid: str | None = None, grace: int | None = None
    ) -> None:
        """Ask for the deletion of an object of ours; one that is gone already is no error."""
        if self._claim(kind, namespace, name):
            _repeating(_lost)(lambda: self._client.delete(kind, namespace, name, uid=uid, grace=grace))

    def _write(self, send: Callable[[], Json], *, dry_run: bool) -> Json:
        answer = _repeating(_lost)(send)
        if not dry_run:
            self._history.wrote(answer)
        return answer

    def _claim(self, kind: Kind, namespace: str | None, name: str) -> bool:
        """Make sure that the object is ours; False where there is none. Raises NotOursError."""
        known = self._history.named(kind, namespace, name)
        body = known.object if known and not known.deleted else self.find(kind, namespace, name)
        if body is None:
            return False
        if not self.mark.ours(body):
            raise NotOursError(f"{kind} {namespace + '/' if namespace else ''}{name} was not made by this run")
        return True
