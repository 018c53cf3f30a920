"""Everything that is known of a cluster when it is judged; the examination gathers it, the ailments look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.inventory import Component

Json = dict[str, Any]


@dataclass(frozen=True)
class Survey:
    """What the cluster has, as lists brought it.

    We may not read the kinds that are ``refused``; those that are ``absent`` are not served.

    Classes are those of all drivers; of pods, leases and attachments there are those that matter to this one.
    ``definitions`` are the six CRDs of snapshots by name, those that exist, and ``grants`` says whether
    ReferenceGrants are served. ``leftovers`` are objects that bear the label of a run.
    """

    driver: str
    version: str = ""
    definitions: Mapping[str, Json] = field(default_factory=dict)
    grants: bool = False
    drivers: Sequence[Json] = ()
    csi_nodes: Sequence[Json] = ()
    nodes: Sequence[Json] = ()
    storage_classes: Sequence[Json] = ()
    snapshot_classes: Sequence[Json] = ()
    group_classes: Sequence[Json] = ()
    pods: Sequence[Json] = ()
    leases: Sequence[Json] = ()
    attachments: Sequence[Json] = ()
    leftovers: Sequence[Json] = ()
    refused: Sequence[str] = ()
    absent: Sequence[str] = ()

    @property
    def components(self) -> list[Component]:
        """The controllers and sidecars that run in the cluster, whoever they serve."""
        return inventory.components(self.pods)

    @property
    def sidecars(self) -> list[Component]:
        """Those that serve the driver."""
        return inventory.of_driver(self.components, self.driver, self._home)

    def of(self, program: str) -> list[Component]:
        """The components of one program: the driver's own, or the cluster's snapshot-controller."""
        every = self.components if program == inventory.SNAPSHOT_CONTROLLER else self.sidecars
        return [each for each in every if each.program == program]

    @property
    def _home(self) -> str:
        lease = inventory.snapshotter_lease(self.driver)
        homes = [each["metadata"]["namespace"] for each in self.leases if each["metadata"]["name"] == lease]
        return homes[0] if homes else ""


@dataclass(frozen=True)
class Canary:
    """How an ordinary claim with an ordinary pod fared. ``refused`` are the API server's words against one.

    ``why`` is evidence that it cannot come to anything, ``late`` says that time was up without any.
    """

    bound: bool = False
    done: bool = False
    claim_refused: str = ""
    pod_refused: str = ""
    root_refused: str = ""
    claim_why: str = ""
    pod_why: str = ""
    no_image: bool = False
    late: str = ""


@dataclass(frozen=True)
class Answers:
    """What probes and dry runs brought. A reaction is in seconds; None where nothing came.

    ``asked`` says whether probes were made at all, ``asked_controllers`` whether there is a snapshot API to ask
    the controllers by, ``trouble`` why probes could not be made, ``left`` what of them could not be
    removed, ``narrow_quota`` a quota that lets nothing in.
    """

    asked: bool = False
    asked_controllers: bool = False
    trouble: str = ""
    left: str = ""
    controller: float | None = None
    snapshotter: float | None = None
    canary: Canary | None = None
    narrow_quota: str = ""
    gates: Mapping[str, bool | None] = field(default_factory=dict)
    own_rights: Sequence[tuple[str, str]] = ()
    """(kind, verb) pairs that we lack."""
    rights: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Program as its account -> what that may not do."""
    last_words: Mapping[str, str] = field(default_factory=dict)
    """Program -> the last line of its log that tells of trouble."""


@dataclass(frozen=True)
class Evidence:
    """A survey, the answers, and what this run is to use."""

    survey: Survey
    answers: Answers = field(default_factory=Answers)
    image: str = ""
    storage_class: str = ""
    snapshot_class: str = ""
