"""The bounds within which tests use a cluster: sizes, patience, places, modes, and what may exist at one time.

A value like ``Cluster``, and a part of it: it crosses process borders as plain data. Made once, of what the user
and the profile say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from pytest_csi_snapshot.limits import Limits, limits_of
from pytest_csi_snapshot.placement import Placement
from pytest_csi_snapshot.sizes import Sizes

if TYPE_CHECKING:
    from pytest_csi_snapshot.settings import Settings


@dataclass(frozen=True)
class Bounds:
    """``interval`` are the least seconds between two snapshots of one volume, ``access_modes`` those that may be
    asked for, () for all; ``secrets`` (NAMESPACE/NAME) are copied into each namespace; of ``volumes`` and ``pods``
    so many may exist at once, 0 for any number."""

    limits: Limits = field(default_factory=Limits)
    sizes: Sizes = field(default_factory=Sizes)
    placement: Placement = field(default_factory=Placement)
    interval: float = 0.0
    access_modes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    volumes: int = 0
    pods: int = 0

    @property
    def access(self) -> str:
        """The access mode of ordinary volumes."""
        return (
            self.access_modes[0]
            if self.access_modes and "ReadWriteOnce" not in self.access_modes
            else "ReadWriteOnce"
        )

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``dataclasses.asdict``, also after a trip through JSON."""
        placement = data["placement"]
        selector = tuple((str(key), str(value)) for key, value in placement["selector"])
        rest = {name: tuple(placement[name]) for name in ("tolerations", "pull_secrets")}
        return cls(
            limits=Limits(**data["limits"]),
            sizes=Sizes(**data["sizes"]),
            placement=Placement(selector=selector, node=placement["node"], **rest),
            interval=data["interval"],
            access_modes=tuple(data["access_modes"]),
            secrets=tuple(data["secrets"]),
            volumes=data["volumes"],
            pods=data["pods"],
        )


def bounds_of(settings: Settings, provider: str) -> Bounds:
    """The bounds of a run on a cluster of a provider."""
    profile = settings.profile
    limits = limits_of(provider).with_declared(profile.timeouts).stretched(settings.csi_slow_factor)
    return Bounds(
        limits=limits,
        sizes=profile.sizes,
        placement=Placement(
            tuple(sorted(settings.node_labels.items())),
            settings.csi_tolerations,
            settings.csi_pull_secrets,
            profile.node,
        ),
        interval=profile.interval,
        access_modes=profile.axes["accessModes"] if "accessModes" in profile.said else (),
        secrets=profile.secrets,
        volumes=profile.volumes_at_once,
        pods=profile.pods_at_once,
    )
