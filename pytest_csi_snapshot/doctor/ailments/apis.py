"""The APIs that a cluster serves: CRDs of snapshots and groups, and what else they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_csi_snapshot.conditions import status_of
from pytest_csi_snapshot.doctor.evidence import Evidence, Survey
from pytest_csi_snapshot.doctor.finding import Ailment, Ground, Sight, listed
from pytest_csi_snapshot.doctor.survey import GROUP_CRDS, SNAPSHOT_CRDS
from pytest_csi_snapshot.gates import older
from pytest_csi_snapshot.kube.kinds import CRD, SNAPSHOT_CLASS

Json = dict[str, Any]

RULES: Mapping[str, int] = dict(zip((*SNAPSHOT_CRDS, *GROUP_CRDS), (6, 8, 0, 7, 11, 3), strict=True))
"""CRD -> the validation rules that its v1 carries in a whole bundle (PFL-002)."""

_NO_CRD: Json = {"spec": {"versions": []}}

INSTALL = (
    "kubectl kustomize 'https://github.com/kubernetes-csi/external-snapshotter/client/config/crd?ref=v8.6.0'"
    " | kubectl apply --server-side -f -"
)


def _missing(evidence: Evidence) -> Sight | None:
    survey = evidence.survey
    if CRD.plural in survey.refused:
        absent = SNAPSHOT_CLASS.plural in survey.absent
        return Sight(f"{SNAPSHOT_CLASS.api_version} is not served") if absent else None
    names = [name for name in SNAPSHOT_CRDS if name not in survey.definitions]
    said = "".join(f"; {program} says: {words}" for program, words in evidence.answers.last_words.items())
    return Sight(f"there is no CustomResourceDefinition {listed(names)}{said}") if names else None


def _too_old(evidence: Evidence) -> Sight | None:
    told = [
        f"{name} serves {listed(served_in(crd)) or 'no version'}"
        for name, crd in _of(evidence, SNAPSHOT_CRDS)
        if "v1" not in served_in(crd)
    ]
    return Sight("; ".join(told)) if told else None


def _not_established(evidence: Evidence) -> Sight | None:
    told = [
        f"{name}: {_condition(crd)}"
        for name, crd in _of(evidence, SNAPSHOT_CRDS)
        if not any(c["type"] == "Established" and c["status"] == "True" for c in _conditions(crd))
    ]
    return Sight("; ".join(told), {"crds": " ".join(SNAPSHOT_CRDS)}) if told else None


def _fewer_rules(names: tuple[str, ...]) -> Any:
    def look(evidence: Evidence) -> Sight | None:
        told = [
            f"{name} has {rules_in(crd)} of {RULES[name]}"
            for name, crd in _of(evidence, names)
            if "v1" in served_in(crd) and rules_in(crd) < RULES[name]
        ]
        return Sight("; ".join(told)) if told else None

    return look


def _server_too_old(evidence: Evidence) -> Sight | None:
    version = evidence.survey.version
    return Sight(f"the API server is {version}") if older(version, "1.25") else None


def _groups_in_part(evidence: Evidence) -> Sight | None:
    names = [name for name in GROUP_CRDS if name not in evidence.survey.definitions]
    whole = not names or len(names) == len(GROUP_CRDS)
    return None if whole else Sight(f"there is no CustomResourceDefinition {listed(names)}, but there are others")


def _no_grants(evidence: Evidence) -> Sight | None:
    on = evidence.answers.gates.get("CrossNamespaceVolumeDataSource")
    if not on or evidence.survey.grants:
        return None
    return Sight("CrossNamespaceVolumeDataSource is on, and ReferenceGrants are not served")


ROWS = (
    Ailment(
        "snapshot-crds-missing",
        "PFL-001",
        "CRDs of the snapshot API are missing",
        "snapshot-controller and csi-snapshotter repeat 'the server could not find the requested resource';"
        ' kubectl says: the server doesn\'t have a resource type "volumesnapshot"',
        f"install them, then restart the controllers if they have given up: {INSTALL}",
        (Ground.SNAPSHOT_API,),
        _missing,
    ),
    Ailment(
        "snapshot-crds-too-old",
        "PFL-001",
        "the snapshot CRDs do not serve v1",
        'kubectl says: no matches for kind "VolumeSnapshot" in version "snapshot.storage.k8s.io/v1"',
        f"upgrade them to the bundle of your snapshot-controller, 4.0 or later: {INSTALL}",
        (Ground.SNAPSHOT_API,),
        _too_old,
    ),
    Ailment(
        "snapshot-crds-not-established",
        "PFL-001",
        "the snapshot CRDs are not established",
        "requests for snapshots answer 404 although the CustomResourceDefinitions are there",
        "see why: kubectl describe crd {crds}",
        (Ground.SNAPSHOT_API,),
        _not_established,
    ),
    Ailment(
        "api-server-too-old",
        "PFL-010",
        "the API server is older than 1.25 and knows no validation rules",
        "wrong snapshots are accepted, and fail later in the controllers",
        "upgrade the cluster to Kubernetes 1.25 or later",
        (Ground.SNAPSHOT_RULES, Ground.GROUP_RULES),
        _server_too_old,
    ),
    Ailment(
        "snapshot-rules-missing",
        "PFL-002",
        "the snapshot CRDs lack validation rules: they are of an old bundle",
        "a VolumeSnapshot with two sources, or with none, is accepted; the source of one can be changed",
        f"upgrade the CRDs to 8.0 or later: {INSTALL}",
        (Ground.SNAPSHOT_RULES,),
        _fewer_rules(SNAPSHOT_CRDS),
    ),
    Ailment(
        "group-crds-in-part",
        "",
        "some CRDs of the group snapshot API are missing",
        "csi-snapshotter and snapshot-controller with the feature gate CSIVolumeGroupSnapshot stop at their start",
        f"install all three of them: {INSTALL}",
        (Ground.GROUP_API,),
        _groups_in_part,
    ),
    Ailment(
        "group-rules-missing",
        "PFL-002",
        "the group snapshot CRDs lack validation rules: they are of an old bundle",
        "a VolumeGroupSnapshot with two sources, or with none, is accepted",
        f"upgrade the CRDs to 8.4 or later: {INSTALL}",
        (Ground.GROUP_RULES,),
        _fewer_rules(GROUP_CRDS),
    ),
    Ailment(
        "reference-grants-missing",
        "PFL-011",
        "claims may name data sources of other namespaces, and nobody can allow it",
        "a claim with such a source stays Pending",
        "install the ReferenceGrant CRD of gateway.networking.k8s.io, or switch the feature gate off",
        (),
        _no_grants,
    ),
)


def serves_snapshots(survey: Survey) -> bool:
    """Whether all three kinds of snapshots are served in v1; by their classes where we may not read CRDs."""
    if CRD.plural in survey.refused:
        return SNAPSHOT_CLASS.plural not in survey.absent
    return all("v1" in served_in(survey.definitions.get(name, _NO_CRD)) for name in SNAPSHOT_CRDS)


def rules_in(crd: Json) -> int:
    """How many validation rules (CEL) a CRD carries in version v1, or in the last one where it has no v1."""
    versions = crd["spec"]["versions"]
    chosen = [one for one in versions if one["name"] == "v1"] or versions[-1:]
    return sum(_rules(version.get("schema", {})) for version in chosen)


def served_in(crd: Json) -> list[str]:
    """The versions that a CRD serves."""
    return [version["name"] for version in crd["spec"]["versions"] if version.get("served")]


def _rules(schema: Any) -> int:
    if isinstance(schema, list):
        return sum(_rules(part) for part in schema)
    if not isinstance(schema, dict):
        return 0
    return len(schema.get("x-kubernetes-validations", ())) + sum(_rules(part) for part in schema.values())


def _of(evidence: Evidence, names: Iterable[str]) -> list[tuple[str, Json]]:
    there = evidence.survey.definitions
    return [(name, there[name]) for name in names if name in there]


def _conditions(crd: Json) -> list[Json]:
    return list(status_of(crd).get("conditions") or [])


def _condition(crd: Json) -> str:
    bad = [c for c in _conditions(crd) if c["status"] == "False" and c["type"] in ("Established", "NamesAccepted")]
    return "; ".join(str(c.get("message") or c.get("reason")) for c in bad) or "no condition Established"
