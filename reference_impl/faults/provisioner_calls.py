"""Faults of the provisioner's calls to the driver: how often it asks, and what it does with the answer."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import grpc

from ..controllers.csi.codes import CsiError
from ..controllers.provisioner import claims
from .fault import Fault
from .wrapping import Clean, wrap

if TYPE_CHECKING:
    from ..controllers.kube.client import Json
    from ..controllers.provisioner.main import Provisioner
    from ..controllers.provisioner.plans import Plan


class AnswerNotChecked(Fault):
    """A restore is bound to whatever the driver made, also where that does not say that it has the data."""

    name = "answer-of-driver-not-checked"
    component = "csi-provisioner"
    breaks = ("RES-020",)
    kind = "state"

    def apply(self, target: Provisioner) -> None:
        """Size and source in the answer are not looked at."""

        def trusting(_clean: Clean, _request: Any, _volume: Any) -> None:
            """Whatever there is, is good."""

        wrap(claims, "check_answer", trusting)


class UselessVolumeStays(Fault):
    """A volume that the provisioner has no use for stays in the storage."""

    name = "useless-volume-not-deleted"
    component = "csi-provisioner"
    breaks = ("RES-020",)
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """DeleteVolume is left to a later day for a volume that has no PV."""
        driver = target.claims.peer.driver

        def sparing(clean: Clean, made: Plan) -> Any:
            call = driver.call

            def lazily(method: Any, request: Any) -> Any:
                if method is driver.controller.DeleteVolume:
                    raise CsiError(grpc.StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded")
                return call(method, request)

            # Of all that goes through the driver only this one attempt is concerned.
            vars(driver)["call"] = lazily
            try:
                return clean(made)
            finally:
                vars(driver)["call"] = call

        wrap(target.claims, "_create", sparing)


class SecondVolumePerRetry(Fault):
    """Each repeated attempt makes another volume: what the first ones made stays in the storage."""

    name = "second-volume-per-retry"
    component = "csi-provisioner"
    breaks = ("HA-002", "RES-020")
    kind = "lifecycle"

    def apply(self, target: Provisioner) -> None:
        """The name in the request is another one at each attempt."""

        def renamed(clean: Clean, *args: Any) -> Plan:
            made: Plan = clean(*args)
            made.request.name = f"{made.request.name[:31]}-{uuid.uuid4().hex[:8]}"
            return made

        wrap(target.claims, "plan", renamed)


class FailureWithoutCause(Fault):
    """A claim that cannot be filled is told that it failed, and not why."""

    name = "provisioning-failure-without-cause"
    component = "csi-provisioner"
    breaks = ("CLN-010", "RES-020")
    kind = "errors"

    def apply(self, target: Provisioner) -> None:
        """The text of the error is lost on its way to the event."""

        def terse(clean: Clean, claim: Json, _text: str, **more: Any) -> Any:
            return clean(claim, "rpc error: code = Unknown desc = <nil>", **more)

        wrap(target.claims, "_fail", terse)
