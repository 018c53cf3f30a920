"""What every verb stands on, beside the ground: wait, and the word about a clause.

A wait that names a clause decides it: it records the clause as kept when it returns, and as broken when it
times out. A wait without one prepares the ground; when it fails, nothing is said about any clause, unless what was
seen shows who did not do his part: then the clause that promises this step is broken.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

from pytest_csi_snapshot.conditions import Condition
from pytest_csi_snapshot.culprits import culprit, promised, writer_of
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.history import Version
from pytest_csi_snapshot.kube.kinds import EVENT, PV, SNAPSHOT_CONTENT, Kind
from pytest_csi_snapshot.kube.refusals import ApiError, ApiUnreachableError
from pytest_csi_snapshot.last_words import last_words, turn_since
from pytest_csi_snapshot.ledger import Handle
from pytest_csi_snapshot.observing import describe, story
from pytest_csi_snapshot.recorder import OutOfBounds
from pytest_csi_snapshot.verbs.ground import Ground, PreparationError
from pytest_csi_snapshot.waiting import EarlyEnd, HopelessError, WaitTimeout, wait_for

Json = dict[str, Any]


def too_early(message: str) -> bool:
    """Whether an event is a provisioner's that has not heard of its claim's new class yet: it looks again."""
    return "storageclass.storage.k8s.io" in message and message.endswith("not found")


class Core(Ground):
    """What a test waits for, and what it says of clauses."""

    # -- waiting

    def wait(
        self, what: Handle, condition: Condition, clause: str = "", *, within: float | None = None, blame: str = ""
    ) -> Json:
        """The object as soon as its newest version fulfils ``condition``. ``within`` is in seconds.

        ``blame`` is whose doing it is that it does not, where that is known before (see Recorder.check).
        """
        __tracebackhide__ = True

        def holds_now() -> Version | None:
            latest = self.history.latest(what.uid)
            if latest is None or not self.history.settled(what.uid):
                return None
            if latest.deleted:
                raise HopelessError("the object is gone")
            if condition.holds(latest.object):
                return latest
            if why := condition.hopeless(latest.object):
                raise HopelessError(why)
            return None

        return self._await(what, holds_now, condition.text, clause, within, blame).object

    def seen(
        self, what: Handle, condition: Condition, clause: str = "", *, within: float | None = None
    ) -> Version:
        """The first version ever that fulfils ``condition``, even if a later one does not any more."""
        __tracebackhide__ = True

        def held_once() -> Version | None:
            for version in self.history.versions(what.uid):
                if not version.deleted and condition.holds(version.object):
                    return version
            latest = self.history.latest(what.uid)
            if latest is not None and latest.deleted:
                raise HopelessError("the object is gone")
            return None

        self._every.add(what.kind)
        try:
            return self._await(what, held_once, condition.text, clause, within)
        except (WaitTimeout, PreparationError) as error:
            if not (missed := self._missed(self._every)):
                raise
            if about := clause or promised(self.history, what.uid):
                self.unknown(about, f"{missed}; {error}")
            raise OutOfBounds(f"{missed}; {error}") from None

    def gone(self, what: Handle, clause: str = "", *, within: float | None = None) -> Version:
        """The last state of an object, as soon as it is gone."""
        __tracebackhide__ = True

        def is_gone() -> Version | None:
            latest = self.history.latest(what.uid)
            return latest if latest and latest.deleted else None

        usual = self.limits.release if what.kind == PV else self.limits.deletion
        return self._await(what, is_gone, "its end", clause, within or usual)

    def event(
        self, about: Handle, reason: str, clause: str = "", *, mentions: str = "", or_else: str = ""
    ) -> Json:
        """The first event of this reason, or of the other one, about an object, already seen or still to come.

        ``mentions`` is a part of its message that tells it from others of the same reason. Not one that is told
        too early (``too_early``). One that does not come is unknown where a controller, or the API server,
        ended or began meanwhile.
        """
        __tracebackhide__ = True
        if about.kind == SNAPSHOT_CONTENT:
            self.station.watch_events("default", about.kind.kind)

        def told() -> Version | None:
            for event in self.events_of(about):
                message = str(event.object.get("message", ""))
                wanted = event.object.get("reason") in (reason, or_else or reason)
                if wanted and mentions in message and not too_early(message):
                    return event
            return None

        text = f"an event {reason}{f' or {or_else}' if or_else else ''}" + (
            f" that says {mentions!r}" if mentions else ""
        )
        try:
            return self._await(about, told, text, clause, self.limits.reaction).object
        except (WaitTimeout, PreparationError) as error:
            if turn := self.turn_since(about):
                # Events are sent on the side and once: what was not sent by then is lost.
                why = f"{turn}, and what it had to tell may be lost; {error}"
                if clause:
                    self.unknown(clause, why)
                raise OutOfBounds(why) from None
            raise

    @quiet
    def turn_since(self, about: Handle) -> str:
        """A controller, or the API server, that ended or began since an object was made, in words; "" for none."""
        versions = self.history.versions(about.uid)
        if not versions:
            return ""
        if self.history.blind or self.history.sight_since > versions[0].at:
            return "the API server was out of reach meanwhile"
        since = str(versions[-1].object["metadata"]["creationTimestamp"])
        return turn_since(self.station.client, self.cluster.driver, about.kind.kind, since)

    @quiet
    def events_of(self, about: Handle) -> list[Version]:
        """The events about an object, in order of arrival; repeated ones once, as first seen."""
        found = [versions[0] for versions in self.history.objects(EVENT)]
        mine = [event for event in found if (event.object.get("involvedObject") or {}).get("uid") == about.uid]
        return sorted(mine, key=lambda event: event.position)

    def _await(
        self, what: Handle, probe: Any, awaited: str, clause: str, within: float | None, blame: str = ""
    ) -> Version:
        __tracebackhide__ = True
        try:
            found: Version = wait_for(
                self.history,
                probe,
                clause=clause,
                awaited=awaited,
                about=str(what),
                within=within or self.limits.reaction,
                observed=lambda: story(self.history, what.uid),
                lane=what.uid,
            )
        except WaitTimeout as error:
            if not isinstance(error, EarlyEnd):
                error.words += self.controllers_say(what)
            error.blame = blame or self._culprit(what, awaited)
            if self._recorder and error.blame:  # who is to blame is known: so is what he promises
                error.clause = clause or promised(self.history, what.uid)
            error.blame = error.blame or writer_of(error.clause, what.kind)
            if error.clause and self._recorder:
                raise
            raise PreparationError(str(error).lstrip(": ")) from None
        if clause:
            self.check(clause, expected=awaited, observed=describe(found), holds=True, about=str(what))
        return found

    def _culprit(self, what: Handle, awaited: str) -> str:
        """On whom an object waits in vain, see ``culprits``."""
        return culprit(self.history, what.uid, awaited, self._seen_now)

    def _seen_now(self, kind: Kind, namespace: str | None) -> list[Json]:
        """What there is of a kind; nothing where it cannot be read, which must not hide what did not come."""
        try:
            return self.api.list(kind, namespace)
        except (ApiError, ApiUnreachableError):
            return []

    def controllers_say(self, what: Handle) -> list[str]:
        """What the logs of the controllers say about an object and what belongs to it, one line each."""
        names = [what.name, what.uid] if what.uid else [what.name]
        return last_words(self.station.client, self.cluster.driver, what.kind.kind, names)

    # -- the word about a clause

    @quiet
    def check(
        self, clause: str, *, expected: object, observed: object, holds: bool | None = None, about: object = "",
        hint: str = "", blame: str | None = None,
    ) -> None:  # fmt: skip
        """Say what a clause promises and what was seen; a difference ends the test (see Recorder.check)."""
        __tracebackhide__ = True
        kept = bool(expected == observed) if holds is None else holds
        if self._recorder is None:
            if not kept:
                raise PreparationError(f"{clause}: {about}: expected {expected!r}, observed {observed!r}")
            return
        if not kept:
            if missed := self._missed(self._every):
                self.unknown(clause, f"{missed}; expected {expected!r}, observed {observed!r}")
            self._recorder.timeline(self.timeline())
        blame = blame or (writer_of(clause, about.kind) if isinstance(about, Handle) else None)
        self._recorder.check(
            clause, expected=expected, observed=observed, holds=kept, about=str(about), hint=hint, blame=blame
        )

    @quiet
    def in_time(
        self,
        clause: str,
        *,
        expected: object,
        observed: object,
        holds: bool,
        about: Handle,
        blame: str | None = None,
    ) -> None:
        """Check when controllers did what; unknown where one of them ended or began since ``about`` was made."""
        __tracebackhide__ = True
        if not holds:
            self.steady(clause, about, f"when it does what is not seen; expected {expected}, observed {observed}")
        self.check(clause, expected=expected, observed=observed, holds=holds, about=about, blame=blame)

    @quiet
    def steady(self, clause: str, about: Handle, otherwise: str) -> None:
        """Go on only where no controller, nor the API server, ended or began since ``about`` was made.

        ``otherwise`` says what is not known then.
        """
        __tracebackhide__ = True
        if turn := self.turn_since(about):
            self.unknown(clause, f"{turn}: {otherwise}")

    @quiet
    def at_least(self, clause: str, size: int, observed: int, about: object) -> None:
        """Check a size in bytes; drivers may round up."""
        __tracebackhide__ = True
        self.check(
            clause, expected=f"at least {size} bytes", observed=observed, holds=observed >= size, about=about
        )

    @quiet
    def seamless(self, clause: str, *kinds: Kind) -> None:
        """Go on only where no version of these kinds can have been missed: ``clause`` is about all of them."""
        __tracebackhide__ = True
        if missed := self._missed(kinds):
            self.unknown(clause, missed)

    def _missed(self, kinds: Collection[Kind]) -> str:
        """What of these kinds the test cannot have seen; "" for nothing."""
        gaps = [gap for gap in self.history.gaps(self._begun) if gap.kind in kinds]
        return f"versions of {gaps[0].kind} were missed: {gaps[0].reason}" if gaps else ""

    @quiet
    def unknown(self, clause: str, reason: str) -> NoReturn:
        """End the test: this clause cannot be told here."""
        __tracebackhide__ = True
        if self._recorder is None:
            raise PreparationError(reason)
        self._recorder.unknown(clause, reason)

    @quiet
    def not_supported(self, clause: str, reason: str, *, lacks: str = "") -> NoReturn:
        """End the test: the driver does not claim what this clause is about.

        ``lacks`` is the need (``requirements.NEEDS``) that it does not fulfil: one that the profile declares is a
        claim, and not to keep it breaks the clause.
        """
        __tracebackhide__ = True
        if self._recorder is None:
            raise PreparationError(reason)
        self._recorder.not_supported(clause, reason, lacks=lacks)

    @quiet
    def out_of_bounds(self, key: str, reason: str) -> NoReturn:
        """End the test: what it does is not allowed by a key of the profile, so its clauses are unknown here."""
        __tracebackhide__ = True
        raise OutOfBounds(f"{key}: {reason}")

    @quiet
    def timeline(self) -> list[str]:
        """What was observed in this test, in order: seconds before now, object, state."""
        now = self.history.clock()
        lines = [
            (at, f"{at - now:8.3f} s  {handle}: {text}")
            for handle in self.ledger.handles
            for at, text in story(self.history, handle.uid)
        ]
        return [line for _, line in sorted(lines)][-60:]
