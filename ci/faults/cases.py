"""What is to be proven: one case for each fault, as the reference implementation describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from pytest_csi_snapshot.requirements import OWNERS

CLEAN = "clean"
"""Name of the case without a fault."""

_OWNERS = {
    "backend": OWNERS["DRV"],
    "driver": OWNERS["DRV"],
    "snapshot-controller": OWNERS["SC"],
    "csi-snapshotter": OWNERS["SS"],
    "csi-provisioner": OWNERS["EP"],
    "csi-resizer": OWNERS["ER"],
    "csi-attacher": OWNERS["EA"],
    "crd": OWNERS["CRD"],
    "admission": OWNERS["CORE"],
}
"""Role that carries a fault -> the component that a report has to blame."""


@dataclass(frozen=True)
class Case:
    """One fault: its name, where it is, and the clauses that it breaks, the intended one first."""

    name: str
    component: str
    kind: str
    breaks: tuple[str, ...]
    issue: str = ""
    seen: str = ""
    summary: str = ""

    @classmethod
    def from_plain(cls, described: dict[str, Any]) -> Self:
        """From what ``reference_impl.faults`` tells of a fault."""
        return cls(**{**described, "breaks": tuple(described["breaks"])})

    @property
    def intended(self) -> str:
        """The clause that must turn red."""
        return self.breaks[0]

    @property
    def owner(self) -> str:
        """The component that has to be blamed, as reports call it."""
        return _OWNERS[self.component]


def all_cases() -> list[Case]:
    """One case for each fault there is."""
    from pytest_csi_snapshot.fixtures.faults import described_faults

    return [Case.from_plain(described) for described in described_faults() if described["breaks"]]


def all_jitter() -> list[str]:
    """The names of what makes roles slow and unsteady without a fault."""
    from pytest_csi_snapshot.fixtures.faults import described_faults

    return [str(described["name"]) for described in described_faults() if not described["breaks"]]
