"""The table of ailments, looked at with clusters that exist on paper only: what a real one cannot easily lack."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_csi_snapshot import access
from pytest_csi_snapshot.doctor import telling
from pytest_csi_snapshot.doctor.ailments import AILMENTS, FAMILIES
from pytest_csi_snapshot.doctor.ailments.apis import RULES
from pytest_csi_snapshot.doctor.evidence import Answers, Canary, Evidence, Survey
from pytest_csi_snapshot.doctor.examination import Examination, findings
from pytest_csi_snapshot.doctor.finding import Finding, Ground
from pytest_csi_snapshot.doctor.grounds import standing_on
from pytest_csi_snapshot.doctor.logs import telling as telling_line
from pytest_csi_snapshot.requirements import catalogue

Json = dict[str, Any]
DRIVER = "csi.example.com"


def crd(rules: int, *, versions: tuple[str, ...] = ("v1",), established: bool = True) -> Json:
    schema: Json = {"properties": {str(number): {"x-kubernetes-validations": [{}]} for number in range(rules)}}
    served = [{"name": name, "served": True, "schema": schema} for name in versions]
    conditions = [{"type": "Established", "status": "True"}] if established else [
        {"type": "NamesAccepted", "status": "False", "message": "the name is taken"}]  # fmt: skip
    return {"spec": {"versions": served}, "status": {"conditions": conditions}}


def sidecar(program: str, *, waiting: str = "", restarts: int = 0) -> Json:
    state: Json = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    status = {"name": "one", "state": state, "restartCount": restarts}
    if restarts:
        status["lastState"] = {"terminated": {"exitCode": 1}}
    volumes = [{"hostPath": {"path": f"/var/lib/kubelet/plugins/{DRIVER}"}}]
    return {
        "metadata": {"name": f"{program}-0", "namespace": "storage"},
        "spec": {"containers": [{"name": "one", "image": f"r/{program}:v8.6.0"}], "volumes": volumes},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


def node(name: str, *, ready: bool = True) -> Json:
    return {"metadata": {"name": name}, "spec": {},
            "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}  # fmt: skip


def csi_node(name: str, *drivers: str) -> Json:
    return {"metadata": {"name": name}, "spec": {"drivers": [{"name": each} for each in drivers]}}


PROGRAMS = ("snapshot-controller", "csi-snapshotter", "csi-provisioner", "csi-resizer", "csi-attacher")
HEALTHY = Evidence(
    Survey(
        DRIVER,
        version="v1.37.2",
        definitions={name: crd(rules) for name, rules in RULES.items()},
        drivers=[{"metadata": {"name": DRIVER}, "spec": {"attachRequired": True}}],
        csi_nodes=[csi_node("a", DRIVER)],
        nodes=[node("a")],
        storage_classes=[{"metadata": {"name": "s"}, "provisioner": DRIVER, "allowVolumeExpansion": True}],
        snapshot_classes=[{"metadata": {"name": "v"}, "driver": DRIVER, "deletionPolicy": "Delete"}],
        pods=[sidecar(program) for program in PROGRAMS],
    ),
    Answers(True, True, controller=0.1, snapshotter=0.1, canary=Canary(bound=True, done=True)),
    "busybox", "s", "v",
)  # fmt: skip


def found(evidence: Evidence) -> dict[str, Finding]:
    return {finding.ailment.name: finding for finding in findings(evidence)}


def surveyed(**changes: Any) -> Evidence:
    return replace(HEALTHY, survey=replace(HEALTHY.survey, **changes))


def answered(evidence: Evidence = HEALTHY, **changes: Any) -> Evidence:
    return replace(evidence, answers=replace(evidence.answers, **changes))


def without(program: str) -> list[Json]:
    return [sidecar(each) for each in PROGRAMS if each != program]


def test_a_healthy_cluster_has_no_finding() -> None:
    assert found(HEALTHY) == {}


def test_controllers_that_nobody_sees_may_answer_all_the_same() -> None:
    """A managed control plane runs the snapshot-controller where no pod shows it."""
    hidden = surveyed(pods=without("snapshot-controller"))
    assert found(hidden) == {}
    unasked = found(answered(hidden, asked=False, asked_controllers=False))
    assert not unasked["snapshot-controller-missing"].hinders
    silent = found(answered(hidden, controller=None))
    assert silent["snapshot-controller-missing"].hinders


def test_sidecars_count_as_missing_only_where_others_are_seen() -> None:
    alone = surveyed(pods=without("csi-resizer"))
    assert found(alone)["csi-resizer-missing"].hindered >= {"EXP-005"}
    assert not found(surveyed(pods=[]))["csi-resizer-missing"].hinders  # all in one program, perhaps


def test_a_crash_is_told_with_its_exit_code_and_last_words() -> None:
    pods = [
        *without("snapshot-controller"),
        sidecar("snapshot-controller", waiting="CrashLoopBackOff", restarts=7),
    ]
    crashing = answered(surveyed(pods=pods), controller=None, last_words={"snapshot-controller": "no flag -x"})
    seen = found(crashing)["snapshot-controller-down"].seen
    assert seen == ("storage/snapshot-controller-0: CrashLoopBackOff, exit code 1 after 7 restarts; "
                    "it says: no flag -x")  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "name", "words"),
    [
        (surveyed(version="v1.24.9"), "api-server-too-old", "v1.24.9"),
        (surveyed(definitions={**HEALTHY.survey.definitions, "volumesnapshots.snapshot.storage.k8s.io":
                               crd(6, established=False)}), "snapshot-crds-not-established", "the name is taken"),
        (answered(gates={"CrossNamespaceVolumeDataSource": True}), "reference-grants-missing", "is on"),
        (answered(canary=Canary(claim_why="no space left")), "volume-not-made", "no space left"),
        (answered(canary=Canary(claim_refused="denied by policy")), "claim-refused", "denied by policy"),
        (answered(canary=Canary(bound=True, pod_why="not scheduled: too little memory")), "pod-not-run", "memory"),
        (answered(canary=Canary(late="claim Pending")), "volume-late", "claim Pending"),
        (answered(trouble="namespaces is forbidden"), "probes-refused", "namespaces is forbidden"),
        (surveyed(csi_nodes=[], nodes=[node("a")]), "driver-not-registered", "none of 0 CSINodes"),
    ],
)  # fmt: skip
def test_what_only_some_clusters_have(evidence: Evidence, name: str, words: str) -> None:
    assert words in found(evidence)[name].seen


def test_rights_on_groups_that_are_missing_take_away_the_groups_alone() -> None:
    lacking = found(answered(own_rights=[("volumegroupsnapshots", "create")]))["rights-missing"]
    assert lacking.hindered == standing_on((Ground.GROUP_API,)) > {"GRP-001"}
    assert "create volumegroupsnapshots" in lacking.seen
    assert "rbac.yaml" in lacking.remedy


@pytest.mark.parametrize("versions", [[], [{"version": "v1"}]])
def test_rights_on_groups_are_needed_where_they_are_served(versions: list[Json]) -> None:
    class Server:
        def request(self, _method: str, _path: str) -> Json:
            return {"versions": versions}

    kinds = {kind.plural for kind in access.needed(Server())}  # type: ignore[arg-type]
    assert ("volumegroupsnapshots" in kinds) is bool(versions)
    assert "volumesnapshots" in kinds


def test_what_we_may_not_read_is_not_missing() -> None:
    kinds = ["customresourcedefinitions", "csinodes", "storageclasses", "volumesnapshotclasses", "pods", "nodes"]
    blind = replace(HEALTHY.survey, definitions={}, csi_nodes=[], storage_classes=[], snapshot_classes=[], pods=[],
                    nodes=[], refused=kinds)  # fmt: skip
    assert not any(finding.hinders for finding in found(replace(HEALTHY, survey=blind)).values())
    absent = replace(blind, absent=["volumesnapshotclasses"])
    assert found(replace(HEALTHY, survey=absent))["snapshot-crds-missing"].hinders


def test_one_lack_is_one_finding() -> None:
    """Without the snapshot API nothing is said about the controllers that serve it."""
    pods = [sidecar(program) for program in PROGRAMS[2:]]
    bare = surveyed(definitions={}, snapshot_classes=[], pods=pods, absent=["volumesnapshotclasses"])
    unasked = answered(bare, asked_controllers=False, controller=None, snapshotter=None)
    assert list(found(unasked)) == ["snapshot-crds-missing"]


def test_a_clause_is_hindered_by_the_first_finding_and_its_own_one_is_broken() -> None:
    canary = Canary(bound=True, pod_why="image x: ErrImagePull", no_image=True)
    evidence = answered(surveyed(snapshot_classes=[], pods=without("csi-resizer")), canary=canary)
    examination = Examination(evidence, tuple(findings(evidence)))
    assert examination.hindered["SNAP-DYN-001"] == (
        "preflight: the driver has no VolumeSnapshotClass (snapshot-class-missing)"
    )
    assert examination.hindered["EXP-005"].endswith("(csi-resizer-missing)")
    assert "API-VS-001" not in examination.hindered
    assert examination.broken["PFL-007"][0] == "the driver has no VolumeSnapshotClass: there is none at all"
    assert "PFL-013" in examination.broken
    assert "PFL-013" not in examination.hindered


def test_the_table_names_known_clauses_once() -> None:
    names = [ailment.name for ailment in AILMENTS]
    assert len(set(names)) == len(names)
    assert sorted(names) == sorted(ailment.name for rows in FAMILIES.values() for ailment in rows)
    assert {ailment.clause for ailment in AILMENTS} - {""} <= set(catalogue().by_id)


@pytest.mark.parametrize("ground", Ground)
def test_each_ground_carries_clauses(ground: Ground) -> None:
    clauses = standing_on([ground])
    assert clauses
    assert not any(catalogue().by_id[clause].area == "rpc" for clause in clauses)
    assert standing_on([]) == frozenset()


def test_grounds_speak_of_clauses_that_exist() -> None:
    from pytest_csi_snapshot.doctor import grounds

    source = Path(grounds.__file__).read_text()
    words = set(re.findall(r"\b[A-Z]{3,4}(?:-[A-Z]{2,3})?-\d{3}\b", source))
    assert words
    assert words <= set(catalogue().by_id)


def test_a_default_class_is_told_whatever_its_kind() -> None:
    marked = {
        name: {"metadata": {"name": name, "annotations": {f"{api}/is-default-class": "true"}},
               "driver": DRIVER, "deletionPolicy": "Delete"}
        for name, api in (("v", "snapshot.storage.kubernetes.io"), ("g", "groupsnapshot.storage.kubernetes.io"))
    }  # fmt: skip
    storage = {"metadata": {"name": "s", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
               "provisioner": DRIVER}  # fmt: skip
    evidence = surveyed(storage_classes=[storage], snapshot_classes=[marked["v"]], group_classes=[marked["g"]])
    told = [line for line in telling.table(evidence) if "Class " in line]
    assert len(told) == 3
    assert all("(default" in line for line in told)


def test_clauses_in_words() -> None:
    words = telling.clauses_in_words(standing_on([Ground.SNAPSHOTTER]))
    assert "FIN but 009" in words
    assert "CLS, " in words
    assert "API-VS-008" in words


KLOG = """\
I1126 10:00:00.000000       1 main.go:1] up
E1126 10:00:01.000000       1 reflector.go:2] the server could not find the requested resource
I1126 10:00:02.000000       1 main.go:9] waiting
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (KLOG, "the server could not find the requested resource"),
        ("all is well\n", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_last_line_that_tells_of_trouble(log: str, line: str) -> None:
    assert telling_line(log) == line
