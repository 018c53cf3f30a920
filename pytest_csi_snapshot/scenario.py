"""What a test is given: one corner of a cluster, the verbs, and the record of all that happens in it.

Opening costs nothing but a value; the namespace is made by the first verb. Closing judges the invariants
over everything that was seen, then removes everything that was made, and says what could not be removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from pytest_csi_snapshot.bounds import Bounds
from pytest_csi_snapshot.cluster import Cluster
from pytest_csi_snapshot.counting import SHARED, price_of
from pytest_csi_snapshot.evidence.corners import corner_of
from pytest_csi_snapshot.evidence.stepping import quiet
from pytest_csi_snapshot.evidence.tape import TAPE
from pytest_csi_snapshot.invariants import violations
from pytest_csi_snapshot.invariants.finding import Finding
from pytest_csi_snapshot.kube.kinds import NAMESPACE
from pytest_csi_snapshot.last_words import ends_of_logs
from pytest_csi_snapshot.ledger import LEAK_CLAUSE, Leak
from pytest_csi_snapshot.prices import Price
from pytest_csi_snapshot.recorder import Recorder
from pytest_csi_snapshot.settings import Settings
from pytest_csi_snapshot.sizes import Sizes
from pytest_csi_snapshot.station import Station, station_at
from pytest_csi_snapshot.verbs.answers import AnswerVerbs
from pytest_csi_snapshot.verbs.attempts import AttemptVerbs
from pytest_csi_snapshot.verbs.blocks import BlockVerbs
from pytest_csi_snapshot.verbs.controllers import ControllerVerbs
from pytest_csi_snapshot.verbs.crossings import CrossingVerbs
from pytest_csi_snapshot.verbs.default_classes import DefaultClassVerbs
from pytest_csi_snapshot.verbs.deletions import DeletionVerbs
from pytest_csi_snapshot.verbs.dry_runs import DryRunVerbs
from pytest_csi_snapshot.verbs.ground import PreparationError
from pytest_csi_snapshot.verbs.groups import GroupVerbs
from pytest_csi_snapshot.verbs.growth import GrowthVerbs
from pytest_csi_snapshot.verbs.holders import HolderVerbs
from pytest_csi_snapshot.verbs.inquiries import InquiryVerbs
from pytest_csi_snapshot.verbs.metrics import MetricVerbs
from pytest_csi_snapshot.verbs.nodes import NodeVerbs
from pytest_csi_snapshot.verbs.pods import PodVerbs
from pytest_csi_snapshot.verbs.quotas import QuotaVerbs
from pytest_csi_snapshot.verbs.restores import RestoreVerbs
from pytest_csi_snapshot.verbs.snapshots import SnapshotVerbs
from pytest_csi_snapshot.verbs.static_volumes import StaticVolumeVerbs
from pytest_csi_snapshot.verbs.volumes import VolumeVerbs

OTHER_SHARDS = 3600.0
"""Seconds that the last shard waits for the others before it ends controllers."""


class Scenario(
    AttemptVerbs,
    GrowthVerbs,
    RestoreVerbs,
    CrossingVerbs,
    BlockVerbs,
    DeletionVerbs,
    HolderVerbs,
    MetricVerbs,
    StaticVolumeVerbs,
    AnswerVerbs,
    NodeVerbs,
    DefaultClassVerbs,
    ControllerVerbs,
    GroupVerbs,
    InquiryVerbs,
    QuotaVerbs,
    VolumeVerbs,
    PodVerbs,
    SnapshotVerbs,
    DryRunVerbs,
):
    """All verbs of a test, on one cluster."""

    def __init__(
        self,
        station: Station,
        cluster: Cluster,
        recorder: Recorder | None,
        test_id: str,
        bounds: Bounds | None = None,
    ) -> None:
        super().__init__(station, recorder, bounds or bounds_at(cluster), test_id)
        self.cluster = cluster
        self._begun_at = recorder.began if recorder else station.history.clock()

    @quiet
    def audit(self) -> None:
        """Judge the invariants over every version since the test began."""
        if self._recorder is None:
            return
        homes = {handle.namespace for handle in self.ledger.handles} - {""}
        for finding in violations(self.history, since=self._begun, namespaces=homes):
            at = max(0.0, finding.at - self._begun_at)
            self._recorder.attach_violation(replace(finding, at=at), timeline=finding.timeline)

    def _elapsed(self) -> float:
        return self.history.clock() - self._begun_at

    def close(self, *, keep: bool = False) -> None:
        """Remove everything that the test made; what does not go is a broken FIN-011.

        Empty namespaces are left to a cluster that ends with the run: to delete one takes some seventy requests, a
        quarter of all that an API server would have to do for the suites.
        """
        leaks: list[tuple[Leak, str]] = []
        try:
            try:
                self.restore_defaults()  # first, and whatever is kept: other people wait for them
            finally:
                left = [] if keep else self.ledger.clean_up(namespaces=self.cluster.shared)
                leaks += [(leak, self.turn_since(leak.about)) for leak in left]
        finally:
            for handle in self.ledger.handles:
                if handle.kind == NAMESPACE:
                    self.station.leave(handle.name)
            self._tell_price(price_of(self.ledger, self.history, self.bounds.sizes.with_least(self.station.least)))
            self._forget()
        for leak, turn in leaks:
            if self._recorder is None:
                raise PreparationError(f"left behind: {leak.text}")
            self._recorder.attach_violation(
                Finding(
                    LEAK_CLAUSE,
                    "clean-up",
                    "nothing left of what the test made",
                    f"{turn}, and may have forgotten what it had to do: {leak.text}" if turn else leak.text,
                    self._elapsed(),
                    holds=None if turn else False,
                    blame=leak.blame,
                )
            )

    def _forget(self) -> None:
        """Let go of what the test made and of the events about it; the tape keeps what it needs of them."""
        logs = partial(ends_of_logs, self.station.client, self.cluster.driver)
        corner = corner_of(self.history, self.ledger.uids, logs=logs)
        TAPE.let_go(corner)
        self.history.forget([*self.ledger.uids, *corner.event_uids])

    def _tell_price(self, price: Price) -> None:
        if self._recorder:
            self._recorder.price = price
        else:
            SHARED.append(price)


def bounds_at(cluster: Cluster) -> Bounds:
    """The bounds of tests on a cluster; a companion has sizes of its own, which no profile speaks of."""
    return replace(cluster.bounds, sizes=Sizes()) if cluster.companion else cluster.bounds


@contextmanager
def open_scenario(*, cluster: Cluster, recorder: Recorder, settings: Settings, test_id: str) -> Iterator[Scenario]:
    """A scenario for one test. With ``--csi-keep`` on a cluster of somebody else, what it made stays there."""
    scenario = Scenario(station_at(cluster), cluster, recorder, test_id)
    scenario.api.allowed = settings.csi_allow
    scenario.waits_for_others = OTHER_SHARDS if settings.shard else 0.0
    recorder.on_finish(scenario.audit)
    try:
        yield scenario
    finally:
        scenario.close(keep=settings.csi_keep and cluster.provider == "existing")


@contextmanager
def open_shared(cluster: Cluster, purpose: str) -> Iterator[Scenario]:
    """A scenario that prepares what several tests only read; its failures are about no clause."""
    scenario = Scenario(station_at(cluster), cluster, None, purpose)
    try:
        yield scenario
    finally:
        scenario.close()
