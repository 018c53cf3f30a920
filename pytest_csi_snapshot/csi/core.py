"""What the verbs of the socket stand on: ask, judge an answer, remember, clean up."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from typing import Any, NoReturn, TypeVar

import pytest
from google.protobuf.message import Message

from pytest_csi_snapshot.allowances import MOUNT, lacking
from pytest_csi_snapshot.capabilities import NEED_OF
from pytest_csi_snapshot.csi.calls import INDEFINITE, Answer, Code, Line
from pytest_csi_snapshot.csi.capabilities import Capabilities
from pytest_csi_snapshot.csi.inputs import Inputs
from pytest_csi_snapshot.csi.made import MadeThings, pauses
from pytest_csi_snapshot.csi.plugin import Plugin
from pytest_csi_snapshot.csi.sight import BlindError, Sight, open_sight
from pytest_csi_snapshot.evidence.stepping import Stepping, quiet
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.limits import Limits
from pytest_csi_snapshot.prices import Price
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.verbs.ground import PreparationError

M = TypeVar("M", bound=Message)


class RpcCore(Stepping):
    """One test at one plugin's socket."""

    def __init__(
        self,
        line: Line,
        plugin: Plugin,
        capabilities: Capabilities,
        inputs: Inputs,
        recorder: Recorder,
        *,
        staging: str = "",
        snapshot_limit: int = 0,
        may_mount: bool = False,
    ) -> None:
        self.plugin = plugin
        self.can = capabilities
        self.inputs = inputs
        self.snapshot_limit = snapshot_limit
        """Snapshots of one volume that the driver is said to take at most; 0 where nothing was said."""
        self._line = line
        self._recorder = recorder
        self._staging = staging
        self._may_mount = may_mount
        self._sight: Sight | None = None
        self.limits = Limits()
        """Within which a call that is "still at work", or a snapshot that is not ready, must be done."""
        self._made = MadeThings()
        self._told: list[tuple[float, str]] = []
        self._guard = threading.Lock()

    # -- asking

    def ask(self, request: Message) -> Answer[Any]:
        """Send a request as it is; any code is an answer. Raises DeadPluginError."""
        return self._line.ask(request, self._note)

    def insist(self, request: Message, *, final: tuple[Code, ...] = ()) -> Answer[Any]:
        """Ask again for as long as the plugin says that it is still at work, as a caller must (RPC-ALL-001).

        ``final`` are codes that settle this request although they do not settle others.
        """
        again = [code for code in INDEFINITE if code not in final]
        answer = self.ask(request)
        if answer.code in again:
            for _ in pauses(self.limits.snapshot):
                if (answer := self.ask(request)).code not in again:
                    break
        return answer

    def prepare(self, request: Message) -> Any:
        """The response to a request that prepares the ground. Raises PreparationError."""
        answer = self.insist(request)
        if not answer.ok:
            raise PreparationError(f"{answer.asked} was answered by {answer}")
        return answer.response

    @staticmethod
    def fresh(what: str) -> str:
        """A name that nobody has used."""
        return f"csi-rpc-{what}-{secrets.token_hex(6)}"

    def sight(self, clause: str) -> Sight:
        """The eyes for what the driver mounts; ends the test as unknown where there are none."""
        __tracebackhide__ = True
        if "NODE_SERVICE" not in self.can.services:
            self.unknown(clause, "the node service is not at this socket: --csi-node-endpoint")
        if not self._may_mount:
            pytest.skip(lacking(MOUNT, "the driver would mount a volume on this machine"))
        if self._sight is None:
            try:
                self._sight = open_sight(self._line.node_endpoint, self._staging)
            except BlindError as error:
                self.unknown(clause, str(error))
        return self._sight

    # -- the word about a clause

    @quiet
    def answered(self, clause: str, answer: Answer[Any], *codes: Code, hint: str = "") -> None:
        """Check that a call was answered by one of these codes."""
        __tracebackhide__ = True
        expected = " or ".join(code.name for code in codes)
        self.check(
            clause, expected=expected, observed=answer, holds=answer.code in codes, about=answer.asked, hint=hint
        )

    @quiet
    def granted(self, clause: str, answer: Answer[Any], *, hint: str = "") -> Any:
        """Check that a call was done; returns its response."""
        __tracebackhide__ = True
        self.check(clause, expected="OK", observed=answer, holds=answer.ok, about=answer.asked, hint=hint)
        return answer.response

    @quiet
    def check(
        self, clause: str, *, expected: object, observed: object, holds: bool | None = None, about: object = "",
        hint: str = "",
    ) -> None:  # fmt: skip
        """Say what a clause promises and what was seen; a difference ends the test (see Recorder.check)."""
        __tracebackhide__ = True
        kept = bool(expected == observed) if holds is None else holds
        if not kept:
            self._recorder.timeline(self._timeline())
        self._recorder.check(
            clause,
            expected=expected,
            observed=observed if isinstance(observed, str | int | bool | list | tuple | dict) else str(observed),
            holds=kept,
            about=str(about),
            hint=hint,
            blame=f"driver {self.plugin}".replace(",", ""),
        )

    @quiet
    def unknown(self, clause: str, reason: str) -> NoReturn:
        """End the test: this clause cannot be told here."""
        __tracebackhide__ = True
        self._recorder.unknown(clause, reason)

    @quiet
    def not_supported(self, clause: str, reason: str, *, lacks: str = "") -> NoReturn:
        """End the test: the driver does not claim what this clause is about; see ``Recorder.not_supported``."""
        __tracebackhide__ = True
        self._recorder.not_supported(clause, reason, lacks=lacks)

    @quiet
    def needs(self, clause: str, *capabilities: str) -> None:
        """Go on only where the controller, or the group controller, claims all of these."""
        __tracebackhide__ = True
        for each in capabilities:
            if each not in self.can.controller | self.can.group:
                self.not_supported(clause, f"the driver does not claim {each}", lacks=NEED_OF.get(each, ""))

    @quiet
    def needs_node(self, clause: str, *capabilities: str) -> None:
        """Go on only where the node service claims all of these."""
        __tracebackhide__ = True
        for each in capabilities:
            if each not in self.can.node:
                lacks = "xn" if each == "EXPAND_VOLUME" else ""
                self.not_supported(clause, f"the driver's node service does not claim {each}", lacks=lacks)

    # -- the end

    def close(self) -> None:
        """Remove what was made. Raises PreparationError with what stays."""
        kinds = Counter(kind for kind, _ in self._made.seen)
        self._recorder.price = Price(volumes=kinds["volume"], snapshots=kinds["snapshot"])
        try:
            if not self._line.dead:
                within = self.limits.reaction
                left = self._made.remove(self.ask, self.inputs, within=within)
                if left:
                    raise PreparationError(f"left behind: {'; '.join(left)}")
        finally:
            if self._sight is not None:
                self._sight.close()

    def _note(self, answer: Answer[Any]) -> None:
        TAPE.called(answer)
        with self._guard:
            self._made.note(answer)
            self._told.append((answer.began, f"{answer.asked} -> {answer}  ({answer.seconds:.3f} s)"))

    def _timeline(self) -> list[str]:
        now = time.monotonic()
        return [f"{began - now:8.3f} s  {text}" for began, text in self._told]
