"""How long to wait for what, at most, in seconds. A conformant implementation is far below each of them.

The phases are named, so that a profile can set one (``timeouts``) and ``--csi-slow-factor`` can stretch them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True)
class Limits:
    """The defaults are those that Kubernetes' own end-to-end tests grant."""

    bind: float = 300.0  # a claim that can be provisioned, restored and cloned ones included
    snapshot: float = 300.0  # a snapshot until it is ready
    pod: float = 300.0  # a workload until it has answered or is ready, attaching included
    deletion: float = 300.0  # an object after its last obstacle is gone
    release: float = 300.0  # a volume after its claim is gone, detaching included: see LOCAL
    resize: float = 600.0  # an expansion with its node step: kubelets look once in 60 to 90 s
    failover: float = 180.0  # another leader after the loss of one, and what it finds left to do
    reaction: float = 60.0  # a controller's first move on an object: an event, a finalizer, an error

    def stretched(self, factor: float) -> Self:
        """Every limit times ``factor``."""
        return replace(self, **{phase: getattr(self, phase) * factor for phase in PHASES})

    def with_declared(self, timeouts: Mapping[str, float]) -> Self:
        """These limits but for the phases of ``timeouts``."""
        return replace(self, **timeouts)


PHASES = tuple(each.name for each in fields(Limits))
"""What can be waited for, by name."""

LOCAL = Limits(
    bind=30.0, snapshot=30.0, pod=90.0, deletion=30.0, release=105.0, resize=30.0, failover=60.0, reaction=15.0
)
"""For a cluster on this machine with nothing behind it: a stuck operation is told sooner.

Workloads have longer: some read a whole device. Volumes, too: the attach-detach controller finds out by the claim
which volume a pod has left, so one that hears of the pod's end after the claim's learns of it once a minute only.
"""


KUBELETS = Limits(
    bind=60.0, snapshot=60.0, pod=120.0, deletion=120.0, release=180.0, resize=240.0, failover=90.0, reaction=30.0
)
"""The same with real kubelets, which look at some things once in a minute or two."""

_OF_PROVIDERS = {"embedded": LOCAL, "kind": KUBELETS}


def limits_of(provider: str) -> Limits:
    """What fits a provider of clusters."""
    return _OF_PROVIDERS.get(provider, Limits())
