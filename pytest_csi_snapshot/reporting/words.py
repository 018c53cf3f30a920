"""The one place that puts values, failures and counts into words; every report uses it.

Pure functions from values to text, without colour and without knowing where the text goes.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_csi_snapshot.options import OPTIONS
from pytest_csi_snapshot.requirements import OWNERS, Clause

if TYPE_CHECKING:
    from pytest_csi_snapshot.outcomes import Failure
    from pytest_csi_snapshot.settings import Settings

TIMELINE_LINES = 14
"""Lines of a timeline that are shown: the first few, and the last ones."""

WIDTH = 100
"""Characters of a line of a requirement; what was observed is never broken, so that it can be searched for."""

ENTRY_WIDTH = 180
"""Characters of a line of a timeline: an event's message can be a paragraph, and its beginning tells it."""

PREFLIGHT = "preflight: "
"""How the reason begins for which a clause is not judged because the cluster lacks something."""

_NOT_FOR_RERUN = frozenset(
    {"csi_keep", "csi_areas", "csi_clauses", "csi_level", "csi_list", "csi_report", "csi_rerun"}
    | {"csi_baseline", "csi_waivers", "csi_allow_unknown"}
)


def show(value: object) -> str:
    """A value as a reader of YAML would write it: text bare, None as "absent", structures as JSON."""
    if value is None:
        return "absent"
    if isinstance(value, str):
        return value if value else '""'
    if isinstance(value, bool | int | float | list | tuple | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, set | frozenset):
        return json.dumps(sorted(value, key=str), default=str, ensure_ascii=False)
    return str(value)


def show_seconds(value: object) -> str:
    """A duration in seconds, to a sensible digit."""
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def blamed_on(clause: Clause, blame: str, versions: str) -> str:
    """The components at fault, with their versions where the cluster's line of versions names them."""
    return ", ".join(f"{name} {version}".rstrip() for name, version in blamed_parts(clause, blame, versions))


def blamed_parts(clause: Clause, blame: str, versions: str) -> list[tuple[str, str]]:
    """The components at fault with their versions, "" where that is not known."""
    names = [OWNERS.get(one, one) for one in blame.split(", ")] if blame else clause.blamed
    return [(name, version_of(name, versions)) for name in names]


def version_of(component: str, versions: str) -> str:
    """The version that follows a component's name in a line of versions; "" where it is not there."""
    name = "Kubernetes" if component in (OWNERS["CORE"], OWNERS["CRD"]) and "Kubernetes" in versions else component
    found = re.search(rf"{re.escape(name)}[ =:]+(v?\d[\w.+-]*)", versions)
    return found[1].rstrip(".,;") if found else ""


def failure_title(failure: Failure) -> str:
    """A failure in one line."""
    return f"{failure.clause}: expected {failure.expected}, observed {failure.observed}"


def failure_lines(
    failure: Failure,
    clause: Clause,
    *,
    versions: str = "",
    rerun: str = "",
    seen_on: str = "",
    known: str = "",
    evidence: str = "",
) -> list[str]:
    """A failure in full: requirement, expected, observed, when, blamed on, run again with.

    ``seen_on`` is the companion that showed it, ``known`` the known deviation of a controller that it is,
    ``evidence`` the file that has all that was seen.
    """
    rows = [
        ("requirement", "\n".join(wrap(f"{clause.level} ({clause.basis}): {clause.sentence}", WIDTH))),
        ("expected", failure.expected),
        ("observed", f"{failure.observed}  ({show_seconds(failure.at)} into the test, {failure.wall})"),
        ("seen on", seen_on),
        ("about", failure.about),
        ("when", "\n".join(_shortened(failure.timeline))),
        ("blamed on", blamed_on(clause, failure.blame, versions)),
        ("known", f"deviation of {known}" if known else ""),
        ("hint", failure.hint),
        ("source", clause.source),
        ("evidence", evidence),
        ("run again with", rerun),
    ]
    return [line for name, text in rows if text for line in _row(name, text)]


def rerun_command(settings: Settings, test_id: str) -> str:
    """One command line that runs a test again with the settings of this run, wherever they came from."""
    parts = ["pytest"]
    for option in OPTIONS:
        value = settings.value_of(option.name)
        if option.name == "csi_gate" and value == "baseline":
            continue
        if option.name in _NOT_FOR_RERUN or settings.sources.get(option.name, "default") == "default":
            continue
        if isinstance(value, tuple | frozenset):
            parts += [f"{option.flag}={each}" for each in (value if isinstance(value, tuple) else sorted(value))]
        elif value is True:
            parts.append(option.flag)
        elif value not in (False, 0, ""):
            parts.append(f"{option.flag}={value}")
    return " ".join([*(shlex.quote(part) for part in parts), _quoted(test_id)])


def counted(number: int, noun: str) -> str:
    """``1 clause``, ``2 clauses``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def enumerated(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *head, last = [part for part in parts if part] or [""]
    return f"{', '.join(head)} and {last}" if head else last


def _row(name: str, text: str) -> list[str]:
    first, *rest = text.splitlines() or [""]
    return [f"  {name:<14} {first}", *(f"  {'':<14} {line}" for line in rest)]


def _shortened(timeline: Sequence[str]) -> list[str]:
    lines = [entry if len(entry) <= ENTRY_WIDTH else f"{entry[:ENTRY_WIDTH]} …" for entry in timeline]
    if len(lines) <= TIMELINE_LINES:
        return lines
    head, tail = 4, TIMELINE_LINES - 5
    return [*lines[:head], f"… {len(lines) - head - tail} more …", *lines[-tail:]]


def _quoted(test_id: str) -> str:
    # Single quotes always: an id may hold brackets, which a shell would expand.
    return shlex.quote(test_id) if "'" in test_id else f"'{test_id}'"
