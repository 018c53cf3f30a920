"""What can be seen of the calls by which a sidecar has its driver cut a snapshot.

For the time of each call the content bears an annotation; it stays where the outcome is open (ERR-005).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_csi_snapshot.conditions import HAS_ERROR, Condition, error_of
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.verbs.secrets import SecretVerbs
from pytest_csi_snapshot.verbs.static_volumes import StaticVolumeVerbs, csi_source

Json = dict[str, Any]

BEING_CREATED = "snapshot.storage.kubernetes.io/volumesnapshot-being-created"
OPEN_CODES = frozenset({"Canceled", "DeadlineExceeded", "Unavailable", "ResourceExhausted", "Aborted"})
"""The codes after which the driver may still be at work on the snapshot (ERR-005)."""

_CODE = re.compile(r"code = (\w+)")

CALLING = Condition(
    f"annotation {BEING_CREATED}",
    lambda content: (content["metadata"].get("annotations") or {}).get(BEING_CREATED) == "yes",
)
CALLED_AND_REFUSED = Condition(
    f"status.error and no annotation {BEING_CREATED}",
    lambda content: HAS_ERROR.holds(content) and not CALLING.holds(content),
)


@dataclass(frozen=True)
class Attempt:
    """One call: from the first version with the annotation to the first one without it again."""

    begun: Version
    ended: Version | None


def code_of(body: Json) -> str:
    """The gRPC code that the error of a status speaks of, "" where it does not say."""
    found = _CODE.search(error_of(body))
    return found[1] if found else ""


def attempts_in(versions: Iterable[Version]) -> list[Attempt]:
    """The calls that the versions of a content show, in order."""
    found: list[Attempt] = []
    for version in versions:
        running = bool(found) and found[-1].ended is None
        calling = CALLING.holds(version.object)
        if calling and not running:
            found.append(Attempt(version, None))
        elif running and not calling:
            found[-1] = Attempt(found[-1].begun, version)
    return found


class AttemptVerbs(StaticVolumeVerbs, SecretVerbs):
    """Verbs on calls that fail."""

    def phantom_claim(self) -> Handle:
        """A Bound claim on a volume of the driver that the driver has never heard of.

        No driver can cut it: the portable way to a failure of CreateSnapshot itself (SPEC: NOT_FOUND).
        """
        __tracebackhide__ = True
        return self.static_claim(csi_source(self.cluster.driver, f"never-{secrets.token_hex(8)}"))

    def refused(self, content: Handle, clause: str) -> Json:
        """A content once the driver has refused to cut it; unknown where its answer left that open."""
        __tracebackhide__ = True
        body = self.wait(content, HAS_ERROR, within=self.limits.snapshot)
        code = code_of(body)
        if not code or code in OPEN_CODES:
            self.unknown(
                clause, f"of a volume that does not exist the driver says {code or 'nothing'}, which is open"
            )
        return body

    @quiet
    def attempts(self, content: Handle) -> list[Attempt]:
        """The calls about a content so far, in order."""
        return attempts_in(self.versions(content))

    def attempted(self, content: Handle, times: int, clause: str = "") -> list[Attempt]:
        """The calls about a content, as soon as so many have ended."""
        __tracebackhide__ = True

        def often_enough() -> Version | None:
            ended = [attempt for attempt in self.attempts(content) if attempt.ended]
            return ended[times - 1].ended if len(ended) >= times else None

        self._await(content, often_enough, f"{times} calls of CreateSnapshot", clause, self.limits.snapshot)
        return [attempt for attempt in self.attempts(content) if attempt.ended]
