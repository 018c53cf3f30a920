"""An examination in words: what the cluster has as a table, then each finding with its remedy. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pytest_csi_snapshot import inventory
from pytest_csi_snapshot.defaults import is_default
from pytest_csi_snapshot.kube.kinds import GROUP_CLASS, SNAPSHOT_CLASS, STORAGE_CLASS, Kind
from pytest_csi_snapshot.reporting.words import counted
from pytest_csi_snapshot.requirements import catalogue

from .ailments.apis import RULES, rules_in, served_in
from .ailments.classes import of_driver
from .ailments.controllers import states
from .ailments.driver import homes, usable
from .evidence import Evidence, Survey
from .finding import Finding, listed
from .survey import GROUP_CRDS, SNAPSHOT_CRDS

Json = dict[str, Any]
Row = tuple[str, str]

_FS_TYPE = "csi.storage.k8s.io/fstype"


def table(evidence: Evidence) -> list[str]:
    """What the cluster has for the driver, a line for each thing."""
    survey = evidence.survey
    rows = [
        ("API server", survey.version),
        ("snapshot API", _api(survey, SNAPSHOT_CRDS)),
        ("group snapshot API", _api(survey, GROUP_CRDS)),
        *_gates(evidence),
        *_driver(survey),
        *_classes(STORAGE_CLASS, survey.storage_classes, survey.driver, evidence.storage_class),
        *_classes(SNAPSHOT_CLASS, survey.snapshot_classes, survey.driver, evidence.snapshot_class),
        *_classes(GROUP_CLASS, survey.group_classes, survey.driver, ""),
        *(row for program in inventory.PROGRAMS for row in _components(survey, program)),
        *_probes(evidence),
        *([("not readable", listed(survey.refused, 12))] if survey.refused else []),
    ]
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {text}".rstrip() for name, text in rows]


def finding_lines(finding: Finding) -> list[str]:
    """A finding in full."""
    ailment = finding.ailment
    head = f"{'HINDERS' if finding.hinders else 'NOTE'} {ailment.name}: {ailment.what}"
    rows = [("seen", finding.seen), ("shows as", ailment.symptom), ("do", finding.remedy)]
    rows += [("breaks", ailment.clause)] if ailment.clause and finding.hinders else []
    rows += [("not judged", clauses_in_words(finding.hindered))] if finding.hinders else []
    return [head, *(f"  {name:<10} {text}" for name, text in rows)]


def clauses_in_words(clauses: Iterable[str]) -> str:
    """``CLN, DEL but 009, EXP-001``: families by their name, clauses of others one by one, and how many."""
    chosen = frozenset(clauses)
    families = Counter(clause.family for clause in catalogue().clauses)
    told: list[str] = []
    for family, total in families.items():
        ids = [each.id for each in catalogue().clauses if each.family == family]
        spared = [clause.rpartition("-")[2] for clause in ids if clause not in chosen]
        if len(spared) * 3 <= total:
            told.append(f"{family} but {' '.join(spared)}" if spared else family)
        else:
            told += [clause for clause in ids if clause in chosen]
    return f"{', '.join(told)} ({counted(len(chosen), 'clause')})"


def conclusion(findings: Sequence[Finding]) -> str:
    """The last line: whether anything hinders, and how much of the catalogue."""
    hindering = [finding for finding in findings if finding.hinders]
    notes = len(findings) - len(hindering)
    aside = f"; {notes} worth knowing" if notes else ""
    if not hindering:
        return f"nothing hinders{aside}"
    lost = frozenset().union(*(finding.hindered for finding in hindering))
    return (
        f"{len(hindering)} in the way: {len(lost)} of {len(catalogue().clauses)} clauses cannot be judged{aside}"
    )


def _api(survey: Survey, names: Sequence[str]) -> str:
    there = [name for name in names if name in survey.definitions]
    if not there:
        return "not readable" if "customresourcedefinitions" in survey.refused else "not installed"
    versions = dict.fromkeys(one for name in there for one in served_in(survey.definitions[name]))
    rules = sum(rules_in(survey.definitions[name]) for name in there)
    missing = f", {len(names) - len(there)} of {len(names)} CRDs missing" if len(there) < len(names) else ""
    return f"{', '.join(versions)}; {rules} of {sum(RULES[name] for name in names)} validation rules{missing}"


def _gates(evidence: Evidence) -> list[Row]:
    gates = evidence.answers.gates
    words = [f"{name} {'on' if on else 'off'}" for name, on in gates.items() if on is not None]
    return [("feature gates", ", ".join(words))] if words else []


def _driver(survey: Survey) -> list[Row]:
    found = [each["spec"] for each in survey.drivers if each["metadata"]["name"] == survey.driver]
    told = [f"{key} {_plain(value)}" for key, value in sorted(found[0].items())] if found else ["none"]
    at = homes(survey)
    slots = [f"{node} ({_slots(entry)})" if _slots(entry) else node for node, entry in at.items()]
    where = f"on {listed(slots)}; {len(set(at) & set(usable(survey)))} of {len(survey.nodes)} nodes take its pods"
    return [("CSIDriver", ", ".join(told)), ("CSINodes", where if at else "none has it")]


def _slots(entry: Json) -> str:
    count = (entry.get("allocatable") or {}).get("count")
    return "" if count is None else f"{count} volumes"


def _classes(kind: Kind, classes: Sequence[Json], driver: str, chosen: str) -> list[Row]:
    found = sorted(of_driver(classes, driver), key=lambda each: str(each["metadata"]["name"]))
    told = [f"{each['metadata']['name']}{_marks(each, kind, chosen)}: {_flags(each)}" for each in found]
    return [(str(kind), line) for line in told or ["none of the driver"]]


def _marks(body: Json, kind: Kind, chosen: str) -> str:
    words = ["default"] if is_default(body, kind) else []
    words += ["used"] if body["metadata"]["name"] == chosen else []
    return f" ({', '.join(words)})" if words else ""


def _flags(body: Json) -> str:
    if "provisioner" not in body:
        return str(body["deletionPolicy"])
    filesystem = (body.get("parameters") or {}).get(_FS_TYPE, "")
    words = [
        "expansion" if body.get("allowVolumeExpansion") else "no expansion",
        str(body.get("volumeBindingMode", "Immediate")),
        str(body.get("reclaimPolicy", "Delete")),
        filesystem,
        "allowedTopologies" if body.get("allowedTopologies") else "",
    ]
    return ", ".join(word for word in words if word)


def _components(survey: Survey, program: str) -> list[Row]:
    found = states(survey, program)
    if not found:
        return [(program, "no pod that can be recognised")]
    return [
        (program, " ".join([
            each.version or "(no version)", f"{each.namespace}/{each.pod}", *([f"({trouble})"] if trouble else []),
            *(word for word in each.arguments if word.startswith("--")),
        ]))
        for each, trouble in found
    ]  # fmt: skip


def _probes(evidence: Evidence) -> list[Row]:
    answers = evidence.answers
    if not answers.asked or answers.trouble:
        return [("probes", answers.trouble or "none made")]
    reactions = (("snapshot-controller", answers.controller), ("csi-snapshotter", answers.snapshotter))
    words = [f"{name} {_reaction(at)}" for name, at in reactions if answers.asked_controllers]
    canary = answers.canary
    if canary:
        words.append("a pod wrote into a new volume" if canary.done else "no pod wrote into a new volume")
    refused = canary.root_refused if canary else ""
    level = (
        [("pod security", "raw devices are refused" if refused else "raw devices are let in")] if canary else []
    )
    return [("probes", ", ".join(words) or "nothing to ask"), *level]


def _reaction(seconds: float | None) -> str:
    return "silent" if seconds is None else f"answered after {seconds:.2f} s"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
