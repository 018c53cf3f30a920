"""What the API server accepts and refuses, asked without storing anything wherever possible."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import tenacity

from pytest_csi_snapshot.kube.kinds import CRD, Kind
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.kube.repeating import lost
from pytest_csi_snapshot.labels import fresh_name
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.core import Core

Json = dict[str, Any]


class DryRunVerbs(Core):
    """Verbs that try. ``refuses`` and ``accepts`` take the attempt as a function, and say what came of it."""

    def try_create(self, kind: Kind, **fields: Any) -> Json:
        """Create an object with these top-level fields, without storing it; the object as it would be."""
        meta: Json = {"name": fresh_name("dry")}
        if kind.namespaced:
            meta["namespace"] = self.namespace
        return self.api.create(kind, {"metadata": meta, **fields}, dry_run=True)

    def try_patch(self, what: Handle, body: Any, *, subresource: str | None = None) -> Json:
        """Change a part of an object, without storing it."""
        return self.api.patch(what.kind, what.namespace, what.name, body, subresource=subresource, dry_run=True)

    def try_replace(self, what: Handle, **fields: Any) -> Json:
        """Replace top-level fields of an object, without storing it; again where a controller came between."""

        def replace() -> Json:
            return self.api.replace(what.kind, {**copy.deepcopy(self.get(what)), **fields}, dry_run=True)

        again = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, ApiError) and error.conflict),
            stop=tenacity.stop_after_attempt(10),
            reraise=True,
        )
        return again(replace)

    def rules_of(self, kind: Kind) -> int:
        """How many validation rules (CEL) the installed CRD of a kind carries in version v1."""
        return self.rules_in(self.api.get(CRD, None, f"{kind.plural}.{kind.api_version.split('/')[0]}"))

    @staticmethod
    def rules_in(crd: Json) -> int:
        """How many validation rules (CEL) a CRD carries in version v1."""
        versions = crd["spec"]["versions"]
        return sum(_rules_in(version["schema"]) for version in versions if version["name"] == "v1")

    def needs_rules(self, clause: str, kind: Kind) -> None:
        """Go on only where the CRD carries rules: the lack of them is told once, by API-VER-002."""
        __tracebackhide__ = True
        if not self.rules_of(kind):
            self.not_supported(
                clause, f"the installed CRD of {kind} carries no rules: older than v8.0 of its bundle"
            )

    def refuses(
        self, clause: str, what: str, attempt: Callable[[], object], mentions: str = "", *, status: int = 422
    ) -> None:
        """Check that the API server answers with this HTTP status, for a reason with these words in it."""
        __tracebackhide__ = True
        expected = f"{status} that says {mentions!r}" if mentions else str(status)
        try:
            attempt()
        except ApiError as error:
            self._answered(clause, error)
            observed = f"{error.status} {error.reason}: {'; '.join(_reasons(error))}"
            told = error.status == status and any(mentions in reason for reason in _reasons(error))
            self.check(clause, expected=expected, observed=observed, holds=told, about=what)
        else:
            self.check(clause, expected=expected, observed="accepted", holds=False, about=what)

    def accepts(self, clause: str, what: str, attempt: Callable[[], Json]) -> Json:
        """Check that the API server does as asked; its answer."""
        __tracebackhide__ = True
        try:
            answer = attempt()
        except ApiError as error:
            self._answered(clause, error)
            observed = f"{error.status} {error.reason}: {'; '.join(_reasons(error))}"
            self.check(clause, expected="accepted", observed=observed, holds=False, about=what)
            raise
        self.check(clause, expected="accepted", observed="accepted", about=what)
        return answer

    def _answered(self, clause: str, error: ApiError) -> None:
        """Go on only where an error is an answer to what was asked."""
        __tracebackhide__ = True
        if lost(error):
            self.unknown(clause, f"the API server does not answer: {error}")

    def accepts_soon(self, clause: str, what: str, attempt: Callable[[], Json]) -> Json:
        """``accepts`` for what an admission plugin decides by its own cache.

        Asked again until the limit for a reaction: the API server sends no event when such a cache has caught up.
        """
        __tracebackhide__ = True
        patiently = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ApiError),
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(self.limits.reaction),
            reraise=True,
        )
        return self.accepts(clause, what, lambda: patiently(attempt))


def _rules_in(schema: Any) -> int:
    if isinstance(schema, list):
        return sum(_rules_in(part) for part in schema)
    if not isinstance(schema, dict):
        return 0
    return len(schema.get("x-kubernetes-validations", ())) + sum(_rules_in(part) for part in schema.values())


def _reasons(error: ApiError) -> list[str]:
    causes = [f"{cause.get('field', '')}: {cause.get('message', '')}" for cause in error.causes]
    return causes or [error.message]
