"""Waivers: clauses that somebody answers for until a date, so that they do not fail a run.

A file of YAML, read strictly. A waiver changes what counts, never what was seen: a clause that is waived is told
as what it is, and no driver becomes conformant by it. Which day it is, the caller says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pytest_csi_snapshot.errors import UsageTrouble
from pytest_csi_snapshot.gates import older, parsed
from pytest_csi_snapshot.gating.subject import Said, Subject
from pytest_csi_snapshot.outcomes import Outcome
from pytest_csi_snapshot.requirements import OWNERS, catalogue
from pytest_csi_snapshot.schema import complaints
from pytest_csi_snapshot.spelling import nearest

WAIVABLE = (Outcome.FAILED, Outcome.ERRORED, Outcome.UNKNOWN)
"""What keeps a clause from having passed, and can be waived."""


@dataclass(frozen=True)
class Waiver:
    """One clause and one outcome of it, until the day ``expires`` is over.

    ``component`` is a key of OWNERS; from version ``since`` on and until ``before``, "" for no bound. ``tests``
    are the functions in which the clause may have that outcome; none for any.
    """

    clause: str
    reason: str
    owner: str
    expires: date
    outcome: Outcome = Outcome.FAILED
    component: str = ""
    since: str = ""
    before: str = ""
    tests: tuple[str, ...] = ()
    link: str = ""

    def unheard_of(self, versions: Mapping[str, str]) -> str:
        """The component whose version it depends on and nobody knows; "" for none."""
        bound = bool(self.since or self.before)
        return OWNERS[self.component] if bound and parsed(versions.get(self.component, "")) is None else ""

    def out_of_range(self, versions: Mapping[str, str]) -> str:
        """Why it does not hold for these versions, by owner; "" where it does."""
        version = versions.get(self.component, "")
        here = f"this one is {version.removeprefix('v')}"
        if self.since and older(version, self.since):
            return f"it is for {OWNERS[self.component]} >= {self.since}, {here}"
        if self.before and not older(version, self.before):
            return f"it is for {OWNERS[self.component]} < {self.before}, {here}"
        return ""

    def covers(self, said: Said) -> bool:
        """Whether it is about what a test said."""
        about = said.clause == self.clause and said.outcome is self.outcome
        return about and (not self.tests or said.function in self.tests)


@dataclass(frozen=True)
class Use:
    """What became of a waiver in a run: it was needed and held, it was needed and had expired, or neither.

    ``told`` is that in one line; ``spent`` says that it can be deleted.
    """

    waiver: Waiver
    state: Literal["active", "expired", "unused"]
    told: str
    spent: bool = False


def use_of(waiver: Waiver, subject: Subject, today: date) -> Use:
    """What becomes of a waiver."""
    clause, link = waiver.clause, f" ({waiver.link})" if waiver.link else ""
    if unknown := waiver.unheard_of(subject.versions):
        return Use(waiver, "unused", f"{clause}: the version of {unknown} is not known here")
    if why := waiver.out_of_range(subject.versions):
        return Use(waiver, "unused", f"{clause}: {why}; delete the waiver", spent=True)
    spoken = [each for each in subject.said if each.clause == clause and not each.excuse]
    if any(waiver.covers(each) for each in spoken):
        if today <= waiver.expires:
            told = f"{clause} ({waiver.outcome}) until {waiver.expires}, {waiver.owner}: {waiver.reason}{link}"
            return Use(waiver, "active", told)
        return Use(
            waiver,
            "expired",
            f"the waiver of {clause} expired on {waiver.expires}, owner {waiver.owner}: renew it, or repair "
            f"what it is about{link}",
        )
    late = f", and it expired on {waiver.expires}" if today > waiver.expires else ""
    bad = [each for each in spoken if each.outcome in WAIVABLE]
    if bad:
        said = ", ".join(sorted({f"{each.outcome} in {each.function or 'a test that is gone'}" for each in bad}))
        return Use(waiver, "unused", f"{clause}: it is not about what was seen ({said}){late}")
    if any(each.outcome is Outcome.PASSED for each in spoken):
        return Use(waiver, "unused", f"{clause} passed{late}: delete the waiver", spent=True)
    return Use(waiver, "unused", f"{clause} was not judged in this run{late}")


def uses(waivers: Iterable[Waiver], subject: Subject, today: date) -> tuple[Use, ...]:
    """What becomes of all of them, in the order of the file."""
    return tuple(use_of(waiver, subject, today) for waiver in waivers)


def waiver_for(said: Said, used: Sequence[Use]) -> Waiver | None:
    """The waiver that takes what a test said out of what counts."""
    return next((each.waiver for each in used if each.state == "active" and each.waiver.covers(said)), None)


@cache
def waivers_schema() -> dict[str, Any]:
    """The published form of the file."""
    text = files("pytest_csi_snapshot").joinpath("waivers.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file. Raises UsageTrouble, one line, for what is wrong in it."""
    import yaml

    try:
        # Every value is text, so that a version 1.10 is not the number 1.1.
        body = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageTrouble(f"--csi-waivers: {path} cannot be read", why=" ".join(str(error).split())) from error
    if not isinstance(body, list):
        raise UsageTrouble(f"--csi-waivers: {path} is not a list of waivers", do="see docs/gates.md")
    try:
        return tuple(_waiver(entry, number) for number, entry in enumerate(body, 1))
    except ValueError as error:
        raise UsageTrouble(f"--csi-waivers: {path}, {error}") from error


def _waiver(entry: Any, number: int) -> Waiver:
    for complaint in complaints(entry, waivers_schema()["items"]):
        raise ValueError(f"entry {number}: {complaint}")
    known = catalogue().by_id
    if entry["clause"] not in known:
        raise ValueError(f"entry {number}: unknown clause {entry['clause']!r}; {nearest(entry['clause'], known)}")
    try:
        expires = date.fromisoformat(entry["expires"])
    except ValueError as error:
        raise ValueError(f"entry {number}: expires: {entry['expires']} is no day: {error}") from None
    texts = {key: " ".join(entry.get(key, "").split()) for key in ("reason", "owner", "link")}
    return Waiver(
        entry["clause"],
        expires=expires,
        outcome=Outcome(entry.get("outcome", Outcome.FAILED)),
        tests=tuple(entry.get("tests", ())),
        **{key: entry.get(key, "") for key in ("component", "since", "before")},
        **texts,
    )
