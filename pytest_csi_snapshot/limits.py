"""How long to wait for what, at most, in seconds. A conformant implementation is far below each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The defaults are those that Kubernetes' own end-to-end tests grant."""

    bind: float = 300.0  # a claim that can be provisioned, restored and cloned ones included
    snapshot: float = 300.0  # a snapshot until it is ready
    pod: float = 300.0  # a workload until it has answered or is ready, attaching included
    deletion: float = 300.0  # an object after its last obstacle is gone
    resize: float = 600.0  # an expansion with its node step: kubelets look once in 60 to 90 s
    failover: float = 180.0  # another leader after the loss of one, and what it finds left to do
    reaction: float = 60.0  # a controller's first move on an object: an event, a finalizer, an error


LOCAL = Limits(bind=30.0, snapshot=30.0, pod=90.0, deletion=30.0, resize=30.0, failover=60.0, reaction=15.0)
"""For a cluster on this machine with nothing behind it: a stuck operation is told sooner.

Workloads have longer: some read a whole device.
"""


KUBELETS = Limits(bind=60.0, snapshot=60.0, pod=120.0, deletion=120.0, resize=240.0, failover=90.0, reaction=30.0)
"""The same with real kubelets, which look at some things once in a minute or two."""

_OF_PROVIDERS = {"embedded": LOCAL, "kind": KUBELETS}


def limits_of(provider: str) -> Limits:
    """What fits a provider of clusters."""
    return _OF_PROVIDERS.get(provider, Limits())
