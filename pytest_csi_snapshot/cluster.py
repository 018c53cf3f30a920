"""What a provider hands to the tests: a cluster that is up, and how to reach it.

A value, not a handle: it crosses process borders (xdist workers get it as plain data), so it holds
text only. Whoever made the cluster keeps the means to end it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self

from pytest_csi_snapshot.bounds import Bounds

Progress = Callable[[str], None]
"""Told one short line whenever a start gets a step further."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster with a CSI driver in it.

    ``kubeconfig`` is a path, or "" for the defaults of ``kubectl``; ``context`` likewise. ``driver`` is the CSI
    name of the driver under test (not "reference"). ``run_dir`` is where logs and programs' state lie,
    "" where the provider has none. ``versions`` is one line for the report's header. ``components`` are the
    versions by which clauses are gated, by owner ("SC": "8.6.0"); one that is missing is unknown, or is ours and
    behaves as the newest. ``companion`` names the further instance of the reference driver that this value is
    about, "" for the driver under test itself. ``endpoint`` is the driver's CSI socket, "" where it cannot be
    reached; ``node_endpoint`` that of its node service, "" for the same one. ``hindered`` are the clauses that
    cannot be judged here, with the finding that is in their way; ``broken`` the preflight clauses that the look
    at the cluster has found broken already, with what was seen and what to do. ``shared`` says that it outlives
    the run: others may be at work in it, now or later. ``bounds`` are what tests keep to. ``observed`` are the
    needs (``requirements.NEEDS``) that its objects show the driver to fulfil. ``identity`` is the same for one
    cluster at all times, and for no other: the uid of its namespace kube-system; "" where that is not known.
    ``nodes`` is how many workload pods can use the driver on; 0 where that is not known, or is what was asked for.
    """

    provider: str
    kubeconfig: str
    context: str
    driver: str
    storage_class: str
    snapshot_class: str
    image: str
    run_dir: str = ""
    versions: str = ""
    companion: str = ""
    endpoint: str = ""
    node_endpoint: str = ""
    shared: bool = False
    group_class: str = ""
    identity: str = ""
    nodes: int = 0
    observed: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    components: Mapping[str, str] = field(default_factory=dict, hash=False)
    hindered: Mapping[str, str] = field(default_factory=dict, hash=False)
    broken: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)

    def as_plain(self) -> dict[str, Any]:
        """The same as plain data, for ``workerinput``."""
        return asdict(self)

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``as_plain``; a cluster that was kept before a field was there has its default."""
        known = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        if "observed" in known:
            known["observed"] = tuple(known["observed"])
        if "bounds" in known:
            known["bounds"] = Bounds.from_plain(known["bounds"])
        return cls(**known)


class Provider(Protocol):
    """Brings a cluster up and takes it down again."""

    def create(self, progress: Progress) -> Cluster:
        """Bring the cluster up (or join it); return when its driver serves. Raises RunError."""

    def delete(self, progress: Progress) -> None:
        """Take down what ``create`` made, also a half of it; safe to call twice."""
