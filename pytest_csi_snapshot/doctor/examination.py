"""One examination of a cluster: gather the evidence, then hold the table of ailments against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

from pytest_csi_snapshot import access, inventory
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.kube.client import KubeClient
from pytest_csi_snapshot.kube.refusals import ApiError
from pytest_csi_snapshot.reporting.words import PREFLIGHT
from pytest_csi_snapshot.verbs.ground import PreparationError

from . import logs
from .ailments import AILMENTS
from .ailments.apis import serves_snapshots
from .ailments.controllers import states
from .ailments.driver import takes_volumes
from .ailments.rights import ground_of
from .evidence import Answers, Evidence, Survey
from .finding import Ailment, Finding, Ground, filled
from .grounds import standing_on
from .probes import KNOWN_TO_BE_AWAY, PATIENCE, REACTION, open_probes
from .survey import Surveyor

_ANSWERING = (inventory.SNAPSHOT_CONTROLLER, inventory.SNAPSHOTTER)
_PREPARING = (inventory.PROVISIONER, inventory.ATTACHER)


@dataclass(frozen=True)
class Examination:
    """What was found, and from what."""

    evidence: Evidence
    findings: tuple[Finding, ...]

    @cached_property
    def hindered(self) -> Mapping[str, str]:
        """Clause -> why it cannot be judged: the first finding that is in its way."""
        found: dict[str, str] = {}
        for finding in self.findings:
            for clause in finding.hindered:
                found.setdefault(clause, f"{PREFLIGHT}{finding.line}")
        return {clause: why for clause, why in found.items() if clause not in self.broken}

    @cached_property
    def broken(self) -> Mapping[str, tuple[str, str]]:
        """Preflight clause -> what was seen and what to do, of the findings that hinder."""
        found: dict[str, tuple[str, str]] = {}
        for finding in self.findings:
            if finding.hinders and finding.ailment.clause:
                seen = (f"{finding.ailment.what}: {finding.seen}", finding.remedy)
                before = found.get(finding.ailment.clause)
                found[finding.ailment.clause] = _together(before, seen) if before else seen
        return found


def examine(client: KubeClient, cluster: Cluster, *, offline: bool = False) -> Examination:
    """Look at a cluster, and unless ``offline`` ask it by probes. Raises ApiError and ApiUnreachableError."""
    survey = Surveyor(client).survey(cluster.driver)
    answers = Answers(own_rights=_own_rights(client), rights=_rights(client, survey))
    evidence = Evidence(survey, answers, cluster.image, cluster.storage_class, cluster.snapshot_class)
    if not offline:
        evidence = replace(evidence, answers=_asked(client, cluster, evidence))
    words = {
        program: logs.last_words(client, survey.of(program)[0])
        for program in inventory.PROGRAMS
        if survey.of(program) and _worth_reading(evidence, program)
    }
    evidence = replace(evidence, answers=replace(evidence.answers, last_words=words))
    return Examination(evidence, tuple(findings(evidence)))


def findings(evidence: Evidence, ailments: Iterable[Ailment] = AILMENTS) -> Iterable[Finding]:
    """The ailments that show, in the order of the table. Pure."""
    for ailment in ailments:
        sight = ailment.look(evidence)
        if sight is None:
            continue
        grounds = ailment.grounds if sight.grounds is None else sight.grounds
        names = {"driver": evidence.survey.driver, **sight.names}
        hindered = standing_on(grounds) if sight.sure else frozenset()
        yield Finding(ailment, sight.text, filled(ailment.remedy, names), hindered)


def _together(first: tuple[str, str], second: tuple[str, str]) -> tuple[str, str]:
    return f"{first[0]}; {second[0]}", f"{first[1]}; {second[1]}"


def _own_rights(client: KubeClient) -> list[tuple[str, str]]:
    wanted = [(kind, verb) for kind, verbs in access.needed(client).items() for verb in verbs]
    reviews = access.Reviews(client)
    with ThreadPoolExecutor(12) as pool:
        allowed = list(pool.map(lambda each: access.may(reviews, each[1], each[0]), wanted))
    return [(kind.plural, verb) for (kind, verb), there in zip(wanted, allowed, strict=True) if not there]


def _rights(client: KubeClient, survey: Survey) -> dict[str, list[str]]:
    """Program -> what the account of it may not do; empty where we may not ask."""
    found: dict[str, list[str]] = {}
    for program in access.CONTROLLERS:
        for component in survey.of(program)[:1]:
            try:
                found[program] = access.lacking(access.Reviews(client), component)
            except ApiError as error:
                if error.status != 403:
                    raise
    return found


def _asked(client: KubeClient, cluster: Cluster, evidence: Evidence) -> Answers:
    """The answers with those of the probes, as far as they can be made."""
    answers, survey = evidence.answers, evidence.survey
    if any(ground_of(*each) is Ground.NAMESPACES for each in answers.own_rights):
        return answers
    try:
        with open_probes(client, cluster) as probes:
            gates = {"CrossNamespaceVolumeDataSource": probes.keeps_foreign_sources()}
            answers = replace(answers, asked=True, gates=gates)
            if serves_snapshots(survey):
                questions = [probes.snapshot_controller(), probes.snapshotter()]
                probes.wait(questions, _patience(survey, _ANSWERING, REACTION))
                controller, snapshotter = (question() for question in questions)
                answers = replace(answers, asked_controllers=True, controller=controller, snapshotter=snapshotter)
            # After the others: what fills new namespaces with quotas and labels has had its moment.
            if cluster.storage_class and takes_volumes(survey):
                answers = replace(answers, canary=probes.canary(_patience(survey, _PREPARING, PATIENCE)))
            answers = replace(answers, narrow_quota=probes.narrow_quota())
    except (ApiError, PreparationError) as error:
        return replace(answers, asked=True, trouble=str(error).strip().partition("\n")[0])
    return replace(answers, left=probes.left)


def _patience(survey: Survey, programs: Iterable[str], usual: float) -> float:
    """Seconds to wait for what these programs do: not long where one of them can be seen not to run."""
    away = any(all(trouble for _, trouble in states(survey, program)) for program in programs)
    return KNOWN_TO_BE_AWAY if away and survey.sidecars else usual


def _worth_reading(evidence: Evidence, program: str) -> bool:
    """Whether a log may tell why something is not done."""
    answers, survey = evidence.answers, evidence.survey
    if any(trouble for _, trouble in states(survey, program)):
        return True
    if program in (inventory.SNAPSHOT_CONTROLLER, inventory.SNAPSHOTTER):
        answered = answers.controller if program == inventory.SNAPSHOT_CONTROLLER else answers.snapshotter
        return answers.asked and answered is None
    return False
