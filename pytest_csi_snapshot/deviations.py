"""Known deviations: clauses that a release of an upstream controller does not keep, whatever the driver does.

Data (``known_deviations.yaml``), each entry with a reproduction. A clause that fails where such a release runs is
told as failed, with the deviation beside it; as the fault is not the driver's, it does not fail the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.gates import older, parsed
from pytest_csi_snapshot.requirements import OWNERS, catalogue

FILE = "known_deviations.yaml"
_NEEDED = frozenset({"clause", "component", "what", "reproduce"})
_OPTIONAL = frozenset({"since", "before", "tests", "observed", "issue"})


@dataclass(frozen=True)
class Deviation:
    """One clause that one component does not keep, from version ``since`` on and until ``before``.

    A ``clause`` without a number is a family: what is seen may break any of them.
    Empty: from the first, until today's. ``tests`` are the functions that show it, where a failure in another test
    is a new one; ``observed`` is what of it any test may see, at the end or before. ``what`` happens, how to
    ``reproduce`` it, and the public ``issue`` where there is one.
    """

    clause: str
    component: str
    what: str
    reproduce: str
    since: str = ""
    before: str = ""
    tests: tuple[str, ...] = ()
    observed: str = ""
    issue: str = ""

    def runs_in(self, components: Mapping[str, str]) -> bool:
        """Whether a cluster's component is such a release; an unknown version is not."""
        version = components.get(self.component, "")
        if parsed(version) is None:
            return False
        return not (self.since and older(version, self.since)) and not (
            self.before and not older(version, self.before)
        )

    def covers(self, clause: str, test_id: str, observed: str) -> bool:
        """Whether a failure of a clause in a test that observed this is this one."""
        function = test_id.rpartition("::")[2].partition("[")[0]
        known = catalogue().by_id.get(clause)
        ours = self.clause in (clause, known.family if known else clause)
        return ours and (not self.tests or function in self.tests) and self.observed in observed

    def told(self, components: Mapping[str, str]) -> str:
        """In one line, with the version that runs here."""
        release = f"{OWNERS[self.component]} {components[self.component].removeprefix('v')}"
        return f"{release}: {self.what}" + (f" ({self.issue})" if self.issue else "")


def known_deviation(clause: str, test_id: str, observed: str, components: Mapping[str, str]) -> str:
    """The known deviation that a failure is, in one line; "" for none."""
    found = (each for each in deviations() if each.covers(clause, test_id, observed) and each.runs_in(components))
    return next((each.told(components) for each in found), "")


@lru_cache(maxsize=1)
def deviations() -> tuple[Deviation, ...]:
    """The packaged list. Raises UsageTrouble where it is wrong."""
    import yaml

    document = yaml.safe_load(files("pytest_csi_snapshot").joinpath(FILE).read_text("utf-8"))
    return read_deviations(document)


def read_deviations(entries: Iterable[Any]) -> tuple[Deviation, ...]:
    """Deviations from plain data. Raises UsageTrouble naming the entry."""
    return tuple(_deviation(number, entry) for number, entry in enumerate(entries, 1))


def _deviation(number: int, entry: Any) -> Deviation:
    where = f"{FILE}, entry {number}"
    whole = isinstance(entry, dict) and _NEEDED <= entry.keys() <= _NEEDED | _OPTIONAL
    _require(whole, where, f"needs {', '.join(sorted(_NEEDED))}, may have {', '.join(sorted(_OPTIONAL))}")
    _require(
        bool(entry.get("tests") or entry.get("observed")), where, "needs tests or observed, or covers anything"
    )
    known = {*catalogue().by_id, *(each.family for each in catalogue().clauses)}
    _require(entry["clause"] in known, where, f"unknown clause {entry['clause']!r}")
    _require(entry["component"] in OWNERS.keys() - {"DRV", "ADM"}, where, f"no component {entry['component']!r}")
    for key in ("since", "before"):
        bound = entry.get(key, "0.0")
        _require(
            isinstance(bound, str) and parsed(bound) is not None, where, f"{bound!r} is not a version in quotes"
        )
    texts = {key: " ".join(str(entry.get(key, "")).split()) for key in ("what", "reproduce", "issue")}
    return Deviation(
        entry["clause"],
        entry["component"],
        since=entry.get("since", ""),
        before=entry.get("before", ""),
        tests=tuple(entry.get("tests", ())),
        observed=str(entry.get("observed", "")),
        **texts,
    )


def _require(condition: bool, where: str, what: str) -> None:
    if not condition:
        raise UsageTrouble(f"{where}: {what}")
